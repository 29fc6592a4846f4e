import { RequestError, startStack, TestClient, temporaryDirectory, withConnection } from '@teahouse/test';
import t from 'tap';
import { socketOf, tokenOf } from './e2e/people.js';

t.setTimeout(240_000);
const patience = 120_000;
const official = 1;
const connections = 16;
const each = 300;

t.test('more sends than the database takes are refused honestly, and afterwards all of them are taken', async (t) => {
  const stack = await startStack({
    directory: temporaryDirectory('overload'),
    env: { SEED_DEMO: 'true', LOG_LEVEL: 'error', RATE_MESSAGES_PER_SECOND: '0' },
    log: (who, line) => t.comment(`${who}: ${line}`),
  });
  t.teardown(() => stack.stop());
  const [url] = stack.urls as [string];
  const { mysql } = stack;
  if (mysql === undefined) throw new Error('The stack has a database server of its own.');
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

  const refused = await withConnection(mysql.url, async (connection) => {
    // Whoever writes waits until this connection lets go; whoever reads does not.
    await connection.query('FLUSH TABLES WITH READ LOCK');
    const answers = sendAll();
    const [other] = await Promise.all([enter(), clients[0]?.request({ type: 'heartbeat' }, patience)]);
    t.equal((await other.request({ type: 'heartbeat' }, patience)).type, 'heartbeat', 'logins go on');
    other.terminate();
    const told = await answers;
    await connection.query('UNLOCK TABLES');
    return told;
  });
  t.equal(refused.length, connections * each);
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
