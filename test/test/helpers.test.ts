import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import {
  eventually,
  freePort,
  RequestError,
  TestClient,
  testDatabase,
  testMysql,
  testNats,
  withConnection,
} from '@teahouse/test';
import t from 'tap';
import { WebSocketServer } from 'ws';

/** True where something listens. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A WebSocket server that answers each frame with what `answer` makes of it. */
async function echo(t: Tap, answer: (frame: Record<string, unknown>) => unknown[]): Promise<string> {
  const port = await freePort();
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const frame of answer(JSON.parse(data.toString()))) {
        if (typeof frame === 'number') socket.close(frame, 'told to');
        else socket.send(JSON.stringify(frame));
      }
    });
  });
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `ws://127.0.0.1:${port}/`;
}
type Tap = { teardown(fn: () => unknown): void };

t.test('a private NATS server is killed, comes back on its port, and stops', async (t) => {
  const nats = await testNats();
  t.equal((await nats.kill9()).signal, 'SIGKILL');
  t.notOk(await listens(nats.port), 'nobody listens after the kill');
  await nats.restart();
  t.ok(await listens(nats.port), 'somebody listens again');
  await nats.stop();
  t.notOk(await listens(nats.port), 'nobody listens after the stop');
});

t.test('a private database server keeps what was committed through a kill', async (t) => {
  const mysql = await testMysql();
  await withConnection(mysql.url, async (connection) => {
    await connection.query('CREATE DATABASE kept');
    await connection.query('CREATE TABLE kept.one (id INT PRIMARY KEY) ENGINE=InnoDB');
    await connection.query('INSERT INTO kept.one VALUES (7)');
  });
  await mysql.kill9();
  await t.rejects(withConnection(mysql.url, (connection) => connection.query('SELECT 1')));
  await mysql.restart();
  const [rows] = await withConnection(mysql.url, (connection) => connection.query('SELECT id FROM kept.one'));
  t.same(rows, [{ id: 7 }]);
  await mysql.stop();
});

t.test('test databases are apart from each other, utf8mb4, and gone after drop', async (t) => {
  const [one, two] = await Promise.all([testDatabase('same'), testDatabase('same')]);
  t.not(one.url, two.url);
  const [rows] = await withConnection(one.url, (c) => c.query('SELECT @@character_set_database AS charset'));
  t.same(rows, [{ charset: 'utf8mb4' }]);
  await one.drop();
  await two.drop();
  await t.rejects(
    withConnection(one.url, (c) => c.query('SELECT 1')),
    { code: 'ER_BAD_DB_ERROR' },
  );
});

t.test('servers die with the process that started them, even when that is killed', async (t) => {
  const source = `
    import { temporaryDirectory, startNats } from '@teahouse/test';
    const directory = temporaryDirectory('orphan');
    const nats = await startNats(directory);
    console.log(JSON.stringify({ port: nats.port, directory }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { port, directory } = JSON.parse(String(line)) as { port: number; directory: string };
  t.ok(await listens(port));
  child.kill('SIGKILL');
  await eventually(async () => !(await listens(port)), 5_000, 'The orphaned server still listens');
  await eventually(() => !existsSync(directory), 5_000, 'The orphaned directory is still there');
});

t.test('a server that cannot start says why', async (t) => {
  const path = process.env.PATH;
  t.teardown(() => {
    process.env.PATH = path;
  });
  const { startServer } = await import('../dist/server.js');
  const broken = {
    name: 'nats-server',
    url: '',
    port: 0,
    command: process.execPath,
    args: ['--eval', 'console.error("no room in the house"); process.exit(3)'],
    logFile: `${t.testdir({})}/log`,
    answers: async () => false,
  };
  await t.rejects(startServer(broken), { message: /ended at once \(3\)[\s\S]*no room in the house/ });
});

t.test('the client pairs answers with requests and keeps all frames', async (t) => {
  const url = await echo(t, (frame) => [
    { type: 'presence', userId: 1 },
    frame.type === 'init'
      ? { type: 'ready', ref: frame.ref }
      : { type: 'error', ref: frame.ref, code: 'NOT_FOUND', message: 'No.' },
  ]);
  const { client, ready } = await TestClient.login(url, { token: 'x' });
  t.equal(ready.type, 'ready');
  const error = await client.request({ type: 'history' }).catch((reason: unknown) => reason);
  t.type(error, RequestError);
  t.match(error, { code: 'NOT_FOUND' });
  t.same(
    client.frames.map((frame) => frame.type),
    ['presence', 'ready', 'presence', 'error'],
  );
  t.equal((await client.waitFor((frame) => frame.userId === 1)).type, 'presence');
  await t.rejects(
    client.waitFor((frame) => frame.type === 'never', 50),
    /did not come/,
  );
  await client.close();
  t.equal((await client.closed).code, 1000);
});

t.test('the client fails what waits when the server closes', async (t) => {
  const url = await echo(t, () => [4401]);
  const client = await TestClient.connect(url);
  await t.rejects(client.request({ type: 'init' }), /closed with 4401 told to/);
  t.same(await client.closed, { code: 4401, reason: 'told to' });
  await t.rejects(
    client.waitFor(() => true),
    /connection is closed/,
  );
});
