import cluster from 'node:cluster';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from '@teahouse/service-kit';
import { temporaryDirectory } from '@teahouse/test';
import t from 'tap';
import { Pool } from '../dist/workers/pool.js';

const log = createLog({ name: 'pool-test', level: 'silent' });
const exec = join(temporaryDirectory('pool'), 'worker.mjs');
writeFileSync(
  exec,
  `process.on('message', ({ type }) => type === 'leave' && process.exit(0));
   process.send({ type: 'report', ok: true, details: {} });
   setInterval(() => {}, 1000);`,
);
cluster.setupPrimary({ exec, execArgv: [] });

async function started() {
  const pool = new Pool({ size: 1, log });
  await pool.start();
  const [worker] = pool.workers;
  if (worker === undefined) throw new Error('There is a worker.');
  return { pool, worker };
}

t.test('a worker that died a moment ago has left', async (t) => {
  const { pool, worker } = await started();
  worker.process.kill('SIGKILL');
  // So that it is dead and nobody has been told yet.
  for (const since = Date.now(); Date.now() - since < 300; );
  t.equal(worker.isDead(), false);
  await pool.close();
  t.same(pool.workers, []);
});

t.test('a worker that hangs when all is to end is killed within the time that the primary has itself', async (t) => {
  const { pool, worker } = await started();
  worker.process.kill('SIGSTOP');
  const since = performance.now();
  const exited = once(worker, 'exit');
  await pool.close();
  t.same(await exited, [null, 'SIGKILL']);
  t.ok(performance.now() - since < 9000, 'sooner than after 9 s');
});
