import { readFileSync } from 'node:fs';
import { ChatClient, type ReceivedGroupMessage } from '@teahouse/client';
import { eventually, startStack, TestClient, temporaryDirectory } from '@teahouse/test';
import t, { type Test } from 'tap';
import { socketOf, tokenOf } from './e2e/people.js';

// Workers are started anew five times.
t.setTimeout(300_000);
const workers = 2;
const patience = 60_000;
const stack = await startStack({
  directory: temporaryDirectory('workers'),
  env: {
    NATS_URL: '',
    SEED_DEMO: 'true',
    LOG_LEVEL: 'warn',
    RATE_MESSAGES_PER_SECOND: '0',
    GATEWAY_WORKERS: String(workers),
  },
  log: (who, line) => t.comment(`${who}: ${line}`),
});
t.teardown(() => stack.stop());
const [url] = stack.urls as [string];
const socket = socketOf(url);
const [gateway] = stack.services.gateway;
if (gateway === undefined) throw new Error('There is a gateway.');
const official = 1;

/** The worker processes of the gateway, as the system knows them. */
function workerPids(): number[] {
  const children = readFileSync(`/proc/${gateway?.pid}/task/${gateway?.pid}/children`, 'utf8');
  return children.trim().split(/\s+/).filter(Boolean).map(Number);
}

const health = async (path: string) => {
  const response = await fetch(`${gateway.healthUrl}${path}`);
  return { status: response.status, text: await response.text() };
};

const allReady = () =>
  eventually(
    async () => {
      const { details } = JSON.parse((await health('/health/ready')).text) as { details: { ready: number } };
      return details.ready === workers && workerPids().length === workers;
    },
    patience,
    'not all workers are ready',
  );

/** A client that says numbered things to the official group and keeps what it hears of the other. */
class Talker {
  readonly heard: ReceivedGroupMessage[] = [];
  readonly acked: { content: string; seq: number }[] = [];
  readonly #client: ChatClient;
  #talking = true;

  private constructor(
    client: ChatClient,
    readonly name: string,
  ) {
    this.#client = client;
  }

  static async login(t: Test, name: string): Promise<Talker> {
    const client = new ChatClient({ url, token: await tokenOf(url, name) });
    const talker = new Talker(client, name);
    client.on('groupMessage', (message) => void talker.heard.push(message));
    await client.connect();
    t.teardown(() => client.close());
    return talker;
  }

  /** Says one thing after the other until told to stop. */
  async talk(): Promise<void> {
    for (let count = 1; this.#talking; count += 1) {
      const content = `${this.name} ${count}`;
      const { seq } = await this.#client.sendToGroup(content, official);
      this.acked.push({ content, seq });
    }
  }

  stop(): void {
    this.#talking = false;
  }
}

/** Two players talk to each other while `work` happens, and for a moment before and after it. */
async function whileTwoTalk(t: Test, work: () => Promise<void>): Promise<void> {
  const [one, two] = [await Talker.login(t, 'player1'), await Talker.login(t, 'player2')];
  const talks = Promise.all([one.talk(), two.talk()]);
  const more = async (talker: Talker, count: number) => {
    const before = talker.acked.length;
    await eventually(() => talker.acked.length >= before + count, patience, `${talker.name} is not acked`);
  };
  await Promise.all([more(one, 20), more(two, 20)]);
  await work();
  await Promise.all([more(one, 20), more(two, 20)]);
  one.stop();
  two.stop();
  await talks;
  for (const [talker, other] of [
    [one, two],
    [two, one],
  ] as const) {
    const said = other.acked.length;
    const ofOther = () => talker.heard.filter(({ content }) => content.startsWith(`${other.name} `));
    await eventually(() => ofOther().length >= said, patience, `${talker.name} does not hear all`);
    t.same(
      ofOther().map(({ content, seq }) => ({ content, seq })),
      other.acked.sort((a, b) => a.seq - b.seq),
      `${talker.name} heard all of ${other.name} once and with the seq of its ack`,
    );
    t.same(
      other.acked.map(({ content }) => content),
      other.acked.map((_, index) => `${other.name} ${index + 1}`),
      'in the order said',
    );
  }
}

t.test('a worker that is killed is replaced, and nothing acked is lost', async (t) => {
  await allReady();
  const before = workerPids();
  await whileTwoTalk(t, async () => {
    const [victim] = before;
    process.kill(victim as number, 'SIGKILL');
    await eventually(() => workerPids().some((pid) => !before.includes(pid)), 5_000, 'it is not replaced');
    await allReady();
    t.notOk(workerPids().includes(victim as number));
    t.equal(workerPids().filter((pid) => before.includes(pid)).length, workers - 1, 'the others are the same');
  });
  t.equal(gateway.starts, 1, 'the primary lives on');
});

t.test('a rolling restart moves the clients and loses nothing', async (t) => {
  await allReady();
  const before = workerPids();
  const { client: idle } = await TestClient.login(socket, {
    username: 'player3',
    password: '123456',
  });
  let least = workers;
  const watch = setInterval(() => {
    least = Math.min(least, workerPids().length);
  }, 20);
  t.teardown(() => clearInterval(watch));
  await whileTwoTalk(t, async () => {
    gateway.kill('SIGHUP');
    t.equal((await idle.closed).code, 1012);
    t.match(
      idle.frames.find(({ type }) => type === 'goodbye'),
      { reconnectWithinMs: Number },
    );
    await eventually(() => workerPids().every((pid) => !before.includes(pid)), patience, 'old workers are left');
    await allReady();
  });
  t.equal(least, workers, 'never fewer workers than wanted');
  t.equal(gateway.starts, 1);
});

t.test('one answers for all: readiness, and metrics summed up', async (t) => {
  await allReady();
  t.equal((await health('/health/live')).status, 200);
  const logins = Array.from({ length: 6 }, () => TestClient.login(socket, { username: 'player4', password: '123456' }));
  const clients = (await Promise.all(logins)).map(({ client }) => client);
  const connections = async () =>
    Number(/^teahouse_gateway_connections\{[^}]*\} (\d+)$/m.exec((await health('/metrics')).text)?.[1]);
  t.equal(await connections(), clients.length, 'over both workers');
  const whole = /^teahouse_gateways\{service="gateway"\} 2$/m;
  await eventually(async () => whole.test((await health('/metrics')).text), patience, 'the killed one counts still');
  const { text } = await health('/metrics');
  t.match(text, /^teahouse_gateway_deliveries_total\{service="gateway"\} \d+$/m);
  t.match(text, /^teahouse_online_users\{service="gateway"\} \d+$/m);
  for (const client of clients) await client.close();
});

t.test('a worker that hangs is killed and replaced', async (t) => {
  await allReady();
  const before = workerPids();
  process.kill(before[0] as number, 'SIGSTOP');
  const { status, text } = await health('/metrics');
  t.equal(status, 200, 'the others tell their metrics meanwhile');
  t.match(text, /^teahouse_gateways\{service="gateway"\} 2$/m);
  await eventually(() => !workerPids().includes(before[0] as number), patience, 'it hangs still');
  await allReady();
  t.equal((await health('/health/ready')).status, 200);
});

t.test('told to stop, all say goodbye and end, and so does the primary', async (t) => {
  await allReady();
  const logins = Array.from({ length: 4 }, () => TestClient.login(socket, { username: 'player4', password: '123456' }));
  const clients = (await Promise.all(logins)).map(({ client }) => client);
  const pids = workerPids();
  t.same(await gateway.down(), { code: 0, signal: null });
  for (const client of clients) {
    t.equal((await client.closed).code, 1012);
    t.ok(client.frames.some(({ type }) => type === 'goodbye'));
  }
  for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});
