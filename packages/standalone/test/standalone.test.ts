import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStandalone } from '@teahouse/standalone';
import { freePort, startProcess, TestClient, temporaryDirectory } from '@teahouse/test';
import t from 'tap';

const main = join(import.meta.dirname, '..', 'dist', 'main.js');
const quiet = { LOG_LEVEL: 'silent' };
const login = async (url: string) =>
  (await TestClient.login(url.replace('http', 'ws'), { username: 'player1', password: '123456' })).client;

t.test('one process serves the page, REST and the socket, and keeps what was said', async (t) => {
  const dataDir = temporaryDirectory('standalone');
  const first = await startStandalone({ dataDir, port: 0, env: quiet });
  t.equal((await fetch(`${first.url}/`)).headers.get('content-type'), 'text/html; charset=utf-8');
  t.strictSame(
    await (await fetch(`${first.url}/health/ready`)).json().then((body) => (body as { ok: boolean }).ok),
    true,
  );
  const client = await login(first.url);
  const { seq } = await client.request({ type: 'groupMessage', content: '留下来' });
  await first.close();
  t.match(await client.closed, { code: 1012 });

  const second = await startStandalone({ dataDir, port: 0, env: quiet });
  t.teardown(() => second.close());
  const again = await login(second.url);
  const { messages } = await again.request({ type: 'history', groupId: 1 });
  t.match(messages, [{ seq, content: '留下来' }]);
  again.terminate();
});

t.test('there are demo accounts unless they are switched off', async (t) => {
  const without = await startStandalone({
    dataDir: temporaryDirectory('standalone'),
    port: 0,
    env: { ...quiet, SEED_DEMO: 'false' },
  });
  t.teardown(() => without.close());
  t.equal(without.demo, false);
  await t.rejects(login(without.url), { code: 'BAD_CREDENTIALS' });
});

t.test('says in one sentence why it cannot start', async (t) => {
  const dataDir = temporaryDirectory('standalone');
  const running = await startStandalone({ dataDir, port: 0, env: quiet });
  t.teardown(() => running.close());
  const usedPort = new URL(running.url).port;
  const file = join(temporaryDirectory('standalone'), 'file');
  writeFileSync(file, '');

  const attempts: [NodeJS.ProcessEnv, RegExp][] = [
    [{ DATA_DIR: temporaryDirectory('standalone'), PORT: usedPort }, /^PORT \d+ is in use/],
    [{ DATA_DIR: dataDir, PORT: String(await freePort()) }, /^DATA_DIR \S+ is in use by another process\.$/],
    [{ DATA_DIR: join(file, 'below'), PORT: '0' }, /^DATA_DIR \S+ cannot be made\.$/],
    [{ DATA_DIR: dataDir, PORT: 'tea' }, /^PORT must be an integer/],
  ];
  for (const [env, sentence] of attempts) {
    const said: string[] = [];
    const program = await startProcess(process.execPath, [main], {
      env: { ...process.env, ...quiet, ...env },
      output: { line: (line) => said.push(line) },
    });
    t.strictSame(await program.finished(), { code: 1, signal: null });
    t.equal(said.length, 1, said.join('\n'));
    t.match(said[0], sentence);
  }
});
