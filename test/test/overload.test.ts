import {
  type Frame,
  LiveMemory,
  RequestError,
  startStack,
  TestClient,
  temporaryDirectory,
  withConnection,
} from '@teahouse/test';
import t from 'tap';
import { socketOf, tokenOf } from './e2e/people.js';

t.setTimeout(240_000);
const patience = 120_000;
const official = 1;
const connections = 16;
const each = 300;
/** So often all of it is refused once more, and what is refused is kept by nobody. */
const rounds = 4;
const mostKeptMiB = 16;
/** As many connections as one person may have, and less. */
const crowd = 12;
/** How long a login may wait for its turn. */
const loginMs = 10_000;

const memory = new LiveMemory(temporaryDirectory('live'));
const stack = await startStack({
  directory: temporaryDirectory('overload'),
  env: { NATS_URL: '', SEED_DEMO: 'true', LOG_LEVEL: 'error', RATE_MESSAGES_PER_SECOND: '0', ...memory.env },
  log: (who, line) => t.comment(`${who}: ${line}`),
});
t.teardown(() => stack.stop());
const [url] = stack.urls as [string];
const { mysql } = stack;
if (mysql === undefined) throw new Error('The stack has a database server of its own.');

t.test('more sends than the database takes are refused honestly, and afterwards all of them are taken', async (t) => {
  const token = await tokenOf(url, 'player1');
  const enter = async () => (await TestClient.login(socketOf(url), { token })).client;
  const clients = await Promise.all(Array.from({ length: connections }, enter));
  t.teardown(() => {
    for (const client of clients) client.terminate();
  });
  const send = async (client: TestClient, clientId: string) => {
    try {
      return await client.request({ type: 'groupMessage', groupId: official, content: clientId, clientId }, patience);
    } catch (error) {
      if (error instanceof RequestError) return error.frame;
      throw error;
    }
  };
  const sendAll = async () =>
    (
      await Promise.all(
        clients.map((client, index) =>
          Promise.all(Array.from({ length: each }, (_, count) => send(client, `${index}-${count}`))),
        ),
      )
    ).flat();

  const working = [...stack.services.gateway, ...stack.services['group-chat']];
  const liveOf = async () => Promise.all(working.map(async ({ pid }) => (await memory.of(pid)).live / 2 ** 20));

  const refused = await withConnection(mysql.url, async (connection) => {
    // Whoever writes waits until this connection lets go; whoever reads does not.
    await connection.query('FLUSH TABLES WITH READ LOCK');
    const answers = sendAll();
    const [other] = await Promise.all([enter(), clients[0]?.request({ type: 'heartbeat' }, patience)]);
    t.equal((await other.request({ type: 'heartbeat' }, patience)).type, 'heartbeat', 'logins go on');
    other.terminate();
    const told = await answers;
    const before = await liveOf();
    for (let round = 0; round < rounds; round++) told.push(...(await sendAll()));
    for (const [index, live] of (await liveOf()).entries())
      t.ok(live - (before[index] ?? 0) < mostKeptMiB, `${working[index]?.name}: ${before[index]} to ${live} MiB`);
    await connection.query('UNLOCK TABLES');
    return told;
  });
  t.equal(refused.length, connections * each * (1 + rounds));
  t.ok(
    refused.every(({ type, code, retryable }) => type === 'error' && code === 'UNAVAILABLE' && retryable === true),
    'each is told, and that it may come again',
  );
  t.ok(
    refused.every(({ retryAfterMs }) => Number(retryAfterMs) > 0),
    'and when',
  );

  const acks = await sendAll();
  t.same(
    acks.filter(({ type }) => type !== 'ack'),
    [],
    'all are taken as soon as the database is back',
  );
  const contents: unknown[] = [];
  for (let afterSeq = 0, more = true; more; ) {
    const page = await clients[0]?.request({ type: 'history', groupId: official, afterSeq, limit: 200 }, patience);
    const messages = page?.messages as { seq: number; content: string }[];
    contents.push(...messages.map(({ content }) => content));
    t.same(
      messages.map(({ seq }) => seq),
      messages.map((_, index) => afterSeq + index + 1),
    );
    afterSeq += messages.length;
    more = page?.more === true;
  }
  t.equal(contents.length, connections * each, 'each is stored once, whatever became of its first try');
  t.equal(new Set(contents).size, contents.length);
  const health = stack.services.gateway[0]?.healthUrl;
  const metrics = await (await fetch(`${health}/metrics`)).text();
  t.match(metrics, /^teahouse_gateway_in_flight_bytes\S* 0$/m, 'nothing is left behind');
});

t.test('while group-chat stands still everybody is let in and answered, and the groups follow', async (t) => {
  const [groupChat] = stack.services['group-chat'];
  const token = await tokenOf(url, 'player1');
  const other = await TestClient.login(socketOf(url), { token: await tokenOf(url, 'player2') });
  groupChat?.kill('SIGSTOP');
  const sockets = await Promise.all(Array.from({ length: crowd }, () => TestClient.connect(socketOf(url))));
  t.teardown(() => {
    for (const client of [...sockets, other.client]) client.terminate();
  });
  const readies = sockets.map((client) => client.request({ type: 'init', token }, loginMs));
  t.equal((await other.client.request({ type: 'heartbeat' }, loginMs)).type, 'heartbeat');
  const told = await Promise.all(readies);
  for (const ready of told) t.match(ready, { type: 'ready', unavailable: ['groups'] });
  t.ok(await tokenOf(url, 'player3'), 'passwords are checked');
  const to = (told[0] as Frame & { user: { id: number } }).user.id;
  t.ok((await other.client.request({ type: 'privateMessage', to, content: '还在' }, loginMs)).seq);
  groupChat?.kill('SIGCONT');
  await Promise.all(sockets.map((client) => client.waitFor(({ type }) => type === 'groups', patience)));
  const sent = { type: 'groupMessage', groupId: official, content: '回来了', clientId: 'back' };
  t.ok((await other.client.request(sent, patience)).seq);
});
