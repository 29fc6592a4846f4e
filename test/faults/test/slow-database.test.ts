import { type Frame, LiveMemory, RequestError, startStack, TestClient, temporaryDirectory } from '@teahouse/test';
import t from 'tap';
import { post } from '../dist/accounts.js';
import { Link } from '../dist/link.js';

t.setTimeout(240_000);
/** Where nothing is measured, an answer that comes at all. */
const patience = 60_000;
const official = 1;
const connections = 12;
const inFlight = 200;
/** Of processes that have just started, or on a machine that is busy beside, some answers come too late. */
const mostRounds = 20;
/** Each way, so that a statement takes 300 ms and a transaction twice that. */
const delayMs = 150;
const slowMs = 6_000;
/** For so long where a machine that is busy beside takes less. */
const longestMs = 40_000;
const enough = 500;
/** An answer comes within 1.8 s by the gateway's clock; the rest is for a busy machine. */
const answerMs = 5_000;
const mostKeptMiB = 32;

interface Answer {
  readonly frame: Frame;
  readonly clientId: string;
  /** When it was sent, and how long the answer took; by `performance.now()`. */
  readonly at: number;
  readonly ms: number;
}

t.test(
  'while the database is slow it gets what it takes, the rest is refused honestly, and afterwards all goes on',
  async (t) => {
    const memory = new LiveMemory(temporaryDirectory('live'));
    let link: Link | undefined;
    const stack = await startStack({
      directory: temporaryDirectory('slow-database'),
      env: {
        NATS_URL: '',
        SEED_DEMO: 'true',
        LOG_LEVEL: 'error',
        RATE_MESSAGES_PER_SECOND: '0',
        RATE_LOGINS_PER_MINUTE: '0',
        ...memory.env,
      },
      instanceEnv: async (service, _index, env) => {
        if (service !== 'group-chat') return env;
        const url = new URL(String(env.GROUP_DB_URL));
        const port = Number(url.port);
        link = await Link.open(() => port);
        url.port = String(link.port);
        return { ...env, GROUP_DB_URL: url.href };
      },
      log: (who, line) => t.comment(`${who}: ${line}`),
    });
    t.teardown(async () => {
      await stack.stop();
      await link?.close();
    });
    const socketUrl = String(stack.socketUrls[0]);
    const tokenOf = async (username: string) =>
      String((await post(`${stack.urls[0]}/login`, { username, password: '123456' })).token);
    const enter = async (token: string) => (await TestClient.login(socketUrl, { token })).client;
    const [speaker, listener, newcomer] = [
      await tokenOf('player1'),
      await tokenOf('player2'),
      await tokenOf('player3'),
    ];
    // Its first login makes it a member of the official group, for which that is locked.
    (await enter(newcomer)).terminate();
    const clients = await Promise.all(Array.from({ length: connections }, () => enter(speaker)));
    const other = await enter(listener);
    t.teardown(() => {
      for (const client of [...clients, other]) client.terminate();
    });

    let last = 0;
    /** Counts the acks of what was sent after this moment. */
    let mark = Number.POSITIVE_INFINITY;
    let marked = 0;
    const send = async (client: TestClient): Promise<Answer> => {
      const clientId = `c${++last}`;
      const since = performance.now();
      const answered = (frame: Frame) => ({ frame, clientId, at: since, ms: performance.now() - since });
      try {
        const sent = { type: 'groupMessage', groupId: official, content: clientId, clientId };
        const ack = await client.request(sent, patience);
        if (since > mark) marked += 1;
        return answered(ack);
      } catch (error) {
        if (error instanceof RequestError) return answered(error.frame);
        throw error;
      }
    };
    const sendUntil = async (isOver: () => boolean): Promise<Answer[]> => {
      const answers: Answer[] = [];
      const one = async (client: TestClient) => {
        do answers.push(await send(client));
        while (!isOver());
      };
      await Promise.all(clients.flatMap((client) => Array.from({ length: inFlight }, () => one(client))));
      return answers;
    };
    const ackedOf = (answers: readonly Answer[]) => answers.filter(({ frame }) => frame.type === 'ack');
    const honest = (answers: readonly Answer[]) => {
      for (const { frame } of answers) {
        if (frame.type !== 'ack' && (frame.code !== 'UNAVAILABLE' || !(Number(frame.retryAfterMs) > 0)))
          t.fail(`refused so: ${JSON.stringify(frame)}`);
      }
    };
    /** What was acked until a round took all. */
    const allTaken = async (when: string): Promise<Answer[]> => {
      const acked: Answer[] = [];
      for (let round = 1; round <= mostRounds; round++) {
        const answers = await sendUntil(() => true);
        const taken = ackedOf(answers);
        honest(answers);
        acked.push(...taken);
        if (taken.length === answers.length) {
          t.pass(`${when} all are taken, in round ${round}`);
          return acked;
        }
      }
      t.fail(`${when} some are refused in each of ${mostRounds} rounds`);
      return acked;
    };
    const liveOf = async () =>
      Promise.all(
        [...stack.services.gateway, ...stack.services['group-chat']].map(
          async ({ pid }) => (await memory.of(pid)).live / 2 ** 20,
        ),
      );

    const usual = await allTaken('without delay');

    const before = await liveOf();
    link?.delay(delayMs);
    const begun = performance.now();
    mark = begun + slowMs / 2;
    const slow = sendUntil(() => {
      const sinceMs = performance.now() - begun;
      return sinceMs > longestMs || (sinceMs > slowMs && marked > enough);
    });
    const beats: number[] = [];
    let came = 0;
    while (performance.now() - begun < slowMs - answerMs / 2) {
      const since = performance.now();
      const [beat, ready] = await Promise.all([
        other.request({ type: 'heartbeat' }, patience).then(() => performance.now() - since),
        TestClient.login(socketUrl, { token: newcomer }),
      ]);
      beats.push(beat);
      came += 1;
      ready.client.terminate();
    }
    const told = await slow;
    t.ok(came > 0 && Math.max(...beats) < 1_000, `heartbeats: ${beats.map(Math.round)} ms beside ${came} logins`);
    const acked = ackedOf(told);
    const late = acked.filter(({ at }) => at - begun > slowMs / 2);
    const refused = told.filter(({ frame }) => frame.type !== 'ack');
    t.comment(`${acked.length} acked, ${refused.length} refused, ${Math.max(...told.map(({ ms }) => ms))} ms at most`);
    t.ok(late.length > enough, `it goes on taking what it can, of what came late ${late.length}`);
    t.ok(refused.length > 0, 'which is not all');
    t.ok(Math.max(...told.map(({ ms }) => ms)) < answerMs, 'everybody gets an answer in time');
    honest(told);
    for (const [index, live] of (await liveOf()).entries())
      t.ok(live - (before[index] ?? 0) < mostKeptMiB, `${before[index]} to ${live} MiB`);

    link?.heal();
    const afterwards = await allTaken('after it is over');

    const seqs = new Map<string, number[]>();
    let seq = 0;
    for (let more = true; more; ) {
      const page = await other.request({ type: 'history', groupId: official, afterSeq: seq, limit: 200 }, patience);
      const messages = page.messages as { seq: number; content: string }[];
      t.same(
        messages.map((message) => message.seq),
        messages.map((_, index) => seq + index + 1),
      );
      for (const message of messages) seqs.set(message.content, [...(seqs.get(message.content) ?? []), message.seq]);
      seq += messages.length;
      more = page.more === true;
    }
    for (const { clientId, frame } of [...usual, ...acked, ...afterwards])
      if (seqs.get(clientId)?.join() !== String(frame.seq))
        t.fail(`${clientId}: acked ${frame.seq}, stored ${seqs.get(clientId)}`);
    t.equal([...seqs.values()].filter(({ length }) => length > 1).length, 0, 'nothing is stored twice');
  },
);
