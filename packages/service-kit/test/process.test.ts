import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createLog, createMetrics, startHealth } from '@teahouse/service-kit';
import { freePort } from '@teahouse/test';
import t from 'tap';
import { quiet } from './things.js';

function capture(): { lines: () => Record<string, unknown>[]; write(line: string): void; text: () => string } {
  let text = '';
  return {
    write: (line) => {
      text += line;
    },
    text: () => text,
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

t.test('secrets are hidden at three levels, and in children', async (t) => {
  const output = capture();
  const log = createLog({ name: 'auth', level: 'info' }, output);
  const secrets = {
    password: 'S1',
    token: 'S2',
    refreshToken: 'S3',
    authorization: 'S4',
    oldPassword: 'S5',
    newPassword: 'S6',
  };
  log.info({ ...secrets, body: { ...secrets, inner: secrets }, user: 'ada' }, 'hello');
  log.child({ token: 'S7' }).info('child');
  t.notMatch(output.text(), /S\d/);
  t.match(output.lines()[0], { name: 'auth', user: 'ada', msg: 'hello', body: { inner: { token: '[hidden]' } } });
});

t.test('an error is logged with its cause, without the statement and its values', async (t) => {
  const output = capture();
  const cause = Object.assign(new Error('lost'), {
    code: 'ECONNRESET',
    sql: 'INSERT private words',
    parameters: ['private words'],
  });
  createLog({ name: 'auth', level: 'info' }, output).error({ err: new Error('outer', { cause }) }, 'failed');
  t.match(output.lines()[0], {
    err: { message: 'outer', stack: String, cause: { message: 'lost', code: 'ECONNRESET' } },
  });
  t.notMatch(output.text(), /private words/);
});

t.test('probes tell life, readiness and metrics', async (t) => {
  let ready: () => { ok: boolean; details: Record<string, unknown> } = () => ({ ok: true, details: { bus: 'up' } });
  const health = await startHealth({
    host: '127.0.0.1',
    port: 0,
    ready: () => ready(),
    metrics: createMetrics('auth'),
    log: quiet,
  });
  t.teardown(() => health.close());
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
    return { status: response.status, text: await response.text() };
  };
  t.same(await get('/health/live'), { status: 200, text: '{"ok":true}' });
  t.same(await get('/health/ready'), { status: 200, text: '{"ok":true,"details":{"bus":"up"}}' });
  ready = () => ({ ok: false, details: { bus: 'down' } });
  t.same(await get('/health/ready'), { status: 503, text: '{"ok":false,"details":{"bus":"down"}}' });
  ready = () => {
    throw new Error('secret host');
  };
  t.same(await get('/health/ready'), { status: 503, text: '{"ok":false,"details":{}}' });
  t.equal((await get('/health/live')).status, 200);
  t.match((await get('/metrics')).text, /nodejs_eventloop_lag_seconds\{service="auth"\}/);
});

/** A process that runs a service whose start and close do what `body` says. */
async function run(start: string, env: NodeJS.ProcessEnv) {
  const script = `
    import { commonConfig, loadConfig, runService } from '@teahouse/service-kit';
    import Type from 'typebox';
    const { NATS_URL, ...rest } = commonConfig(0);
    await runService({ name: 'tea', config: () => loadConfig(Type.Object(rest)), start: async ({ log }) => { ${start} } });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: new URL('..', import.meta.url),
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
    child.emit('said');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
  const heard = async (word: string) => {
    while (!said.out.includes(word)) await once(child, 'said');
  };
  return { child, ended, heard };
}

const running =
  "return { ready: () => ({ ok: true, details: {} }), close: async () => { log.info('gave all back'); } };";

t.test('a process', async (t) => {
  t.test('with bad configuration ends with one sentence', async (t) => {
    const { ended } = await run(running, { HEALTH_PORT: 'abc' });
    t.same(await ended, { code: 1, out: '', err: 'HEALTH_PORT must be an integer between 0 and 65535, not "abc".\n' });
  });

  t.test('that cannot start ends with one sentence', async (t) => {
    const { ended } = await run("throw new Error('The database is not there.');", {});
    t.same(await ended, { code: 1, out: '', err: 'tea could not start: The database is not there.\n' });
  });

  t.test('closes what it opened at SIGTERM and ends with 0', async (t) => {
    const { child, ended, heard } = await run(running, {});
    await heard('started');
    child.kill('SIGTERM');
    const end = await ended;
    t.equal(end.code, 0);
    t.match(end.out, /gave all back/);
  });

  t.test('that was told to end while it starts does end', async (t) => {
    const { child, ended, heard } = await run(
      "log.info('waiting'); await new Promise(() => setInterval(() => {}, 1000));",
      {},
    );
    await heard('waiting');
    child.kill('SIGTERM');
    t.equal((await ended).code, 0);
  });

  t.test('with a rejection that nobody handles closes, logs and ends with 1', async (t) => {
    const { ended } = await run(`setImmediate(() => Promise.reject(new Error('forgotten'))); ${running}`, {});
    const end = await ended;
    t.equal(end.code, 1);
    t.match(end.out, /forgotten/);
    t.match(end.out, /gave all back/);
  });

  t.test('is alive and not ready while it starts', async (t) => {
    const port = await freePort();
    const { child, ended, heard } = await run(
      "log.info('waiting'); await new Promise(() => setInterval(() => {}, 1000));",
      { HEALTH_PORT: String(port) },
    );
    await heard('waiting');
    t.equal((await fetch(`http://127.0.0.1:${port}/health/live`)).status, 200);
    t.equal((await fetch(`http://127.0.0.1:${port}/health/ready`)).status, 503);
    child.kill('SIGTERM');
    await ended;
  });
});
