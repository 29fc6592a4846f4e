import { join } from 'node:path';
import { ChatClient, keyOf, type Place, placeOf, type ReceivedMessage, Session } from '@teahouse/client';
import { eventually, freePort, startProcess, temporaryDirectory } from '@teahouse/test';
import { type CutPoint, CutProxy } from './cut-proxy.js';
import { Random } from './random.js';

export interface CutsOptions {
  readonly cuts: number;
  readonly seed: number;
  /** A line of progress. */
  readonly say?: (line: string) => void;
}

export interface CutsResult {
  readonly cuts: number;
  readonly points: ReadonlyMap<CutPoint, number>;
  /** Messages stored, in all conversations. */
  readonly messages: number;
  /** Messages whose ack told that they had been stored by an earlier try. */
  readonly repeated: number;
  /** Whatever is not as it should be, in sentences; the first hundred. */
  readonly faults: readonly string[];
}

/** One client in one conversation: what it sent, what was acknowledged, what it was delivered. */
interface Talk {
  readonly place: Place;
  /** `lastSeq` of the conversation when the client came. */
  readonly start: number;
  readonly sent: string[];
  readonly acked: Map<string, number>;
  readonly got: string[];
}

interface Talker {
  readonly name: string;
  readonly client: ChatClient;
  readonly talks: readonly Talk[];
}

const main = join(import.meta.dirname, '..', '..', '..', 'packages', 'standalone', 'dist', 'main.js');
const env = {
  LOG_LEVEL: 'silent',
  RATE_MESSAGES_PER_SECOND: '0',
  RATE_LOGINS_PER_MINUTE: '0',
  MAX_CONNECTIONS_PER_USER: '10000',
};
const inFlight = 3;
/** After the last cut, on a machine that is busy with other things. */
const settleMs = 60_000;
const mostFaults = 100;

/**
 * Lets two clients of one user and one of another talk in two groups and in private through a proxy that cuts their
 * connections again and again, and compares what was sent, acknowledged, delivered and stored.
 */
export async function cutsRun({ cuts, seed, say = () => {} }: CutsOptions): Promise<CutsResult> {
  const { url, stop } = await startServer();
  const proxy = await CutProxy.start(new Random(seed), url);
  const [first, second] = [await login(url, 'player1'), await login(url, 'player2')];
  const witness = new ChatClient({ url, session: first });
  const talkers: Talker[] = [];
  const faults: string[] = [];
  let told = 0;
  const goOn = () => {
    if (proxy.cuts >= told + 500) {
      told = proxy.cuts;
      say(`${proxy.cuts} cuts`);
    }
    proxy.cutting = proxy.cuts < cuts;
    return proxy.cutting;
  };
  try {
    await witness.connect();
    const { groupId } = await witness.createGroup({ groupName: '断线' });
    await witness.inviteMember({ groupId, userId: second.user.id });
    const groups = [{ groupId: 1 }, { groupId }];
    for (const [name, session, other] of [
      ['a', first, second],
      ['b', first, second],
      ['c', second, first],
    ] as const)
      talkers.push(await talker(name, proxy.url, session, [...groups, { with: other.user.id }]));
    const read = talkers.map(({ client }) => iterate(client, { groupId }));
    const repeats = await Promise.all(
      talkers.flatMap(({ name, client, talks }) => talks.map((talk) => speak(name, client, talk, goOn, faults))),
    );
    const histories = await Promise.all(talkers[0]?.talks.map(({ place }) => wholeHistory(witness, place)) ?? []);
    for (const talker of talkers) await compare(talker, histories, faults);
    for (const [index, { lines }] of read.entries()) {
      const wanted = (histories[1] ?? []).map(lineOf);
      await eventually(() => lines.length >= wanted.length, settleMs, 'messages iterated').catch(() => {});
      same(`${talkers[index]?.name} iterating`, lines, wanted, faults);
    }
    return {
      cuts: proxy.cuts,
      points: proxy.points,
      messages: histories.reduce((sum, { length }) => sum + length, 0),
      repeated: repeats.reduce((sum, count) => sum + count, 0),
      faults: faults.slice(0, mostFaults),
    };
  } finally {
    for (const { client } of talkers) client.close();
    witness.close();
    await proxy.close();
    await stop();
  }
}

/** The embedded default as a process of its own: the test and the server share no event loop. */
async function startServer(): Promise<{ url: string; stop: () => Promise<unknown> }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const own = { PORT: String(port), DATA_DIR: temporaryDirectory('cuts') };
  const server = await startProcess(process.execPath, [main], {
    env: { ...process.env, ...env, ...own },
    output: { line: (line, stream) => stream === 'stderr' && process.stderr.write(`${line}\n`) },
  });
  await eventually(async () => (await fetch(`${url}health/ready`)).ok, settleMs, 'The server does not start');
  return { url, stop: () => server.stop() };
}

async function login(url: string, username: string): Promise<Session> {
  return await Session.login(url, { username, password: '123456' });
}

async function talker(name: string, url: string, session: Session, places: readonly Place[]): Promise<Talker> {
  const client = new ChatClient({ url, session });
  const talks = new Map<string, Talk>();
  const hear = (message: ReceivedMessage) =>
    talks.get(keyOf(placeOf(message, session.user.id)))?.got.push(lineOf(message));
  client.on('groupMessage', hear);
  client.on('privateMessage', hear);
  // How long the pauses between attempts are is another matter.
  client.on('waiting', () => setImmediate(() => client.wake()));
  client.once('ready').then(
    ({ groups }) => {
      for (const place of places) {
        const start = 'groupId' in place ? (groups.find(({ id }) => id === place.groupId)?.lastSeq ?? 0) : 0;
        talks.set(keyOf(place), { place, start, sent: [], acked: new Map(), got: [] });
      }
    },
    () => {}, // `connect` tells it.
  );
  await client.connect(settleMs);
  return { name, client, talks: [...talks.values()] };
}

/** Sends numbered messages, a few at a time, as long as `goOn` says. @returns how many acks told of a repetition */
async function speak(
  name: string,
  client: ChatClient,
  { place, sent, acked }: Talk,
  goOn: () => boolean,
  faults: string[],
): Promise<number> {
  let repeated = 0;
  const open = new Set<Promise<void>>();
  const send = async (content: string) => {
    try {
      const { seq, duplicate } = await client.send(place, content);
      if (duplicate) repeated += 1;
      acked.set(content, seq);
    } catch (error) {
      faults.push(`${content} was refused: ${error}`);
    }
  };
  while (goOn()) {
    const content = `${name} ${keyOf(place)} ${sent.length + 1}`;
    sent.push(content);
    const done = send(content).finally(() => open.delete(done));
    open.add(done);
    if (open.size >= inFlight) await Promise.race(open);
  }
  await Promise.all(open);
  return repeated;
}

/** Reads a conversation from its beginning for as long as the client lives. */
function iterate(client: ChatClient, place: Place): { lines: string[] } {
  const lines: string[] = [];
  const read = async () => {
    for await (const message of client.messages(place, { from: 1 })) lines.push(lineOf(message));
  };
  read().catch((error: unknown) => lines.push(String(error)));
  return { lines };
}

async function wholeHistory(client: ChatClient, place: Place): Promise<ReceivedMessage[]> {
  const all: ReceivedMessage[] = [];
  for (let more = true; more; ) {
    const page = await client.history({ ...place, afterSeq: all.at(-1)?.seq ?? 0, limit: 200 });
    all.push(...page.messages);
    more = page.more;
  }
  return all;
}

async function compare({ name, talks }: Talker, histories: ReceivedMessage[][], faults: string[]): Promise<void> {
  for (const [index, { place, start, sent, acked, got }] of talks.entries()) {
    const history = histories[index] ?? [];
    const where = `${name} ${keyOf(place)}`;
    const stored = history.filter(({ content }) => content.startsWith(`${where} `));
    same(
      `${where} stored`,
      stored.map(({ content }) => content),
      sent,
      faults,
    );
    const acks = stored.map(({ content }) => `${acked.get(content)} ${content}`);
    same(`${where} acknowledged`, acks, stored.map(lineOf), faults);
    const wanted = history.filter(({ seq }) => seq > start).map(lineOf);
    await eventually(() => got.length >= wanted.length, settleMs, 'messages delivered').catch(() => {});
    same(`${where} delivered`, got, wanted, faults);
    const seqs = history.map(({ seq }) => String(seq));
    same(
      `${where} numbered`,
      seqs,
      Array.from(history, (_, place) => String(place + 1)),
      faults,
    );
  }
}

function lineOf({ seq, content }: ReceivedMessage): string {
  return `${seq} ${content}`;
}

/** Tells where two lists begin to differ. */
function same(what: string, got: readonly string[], wanted: readonly string[], faults: string[]): void {
  const at = Array.from({ length: Math.max(got.length, wanted.length) }).findIndex((_, i) => got[i] !== wanted[i]);
  if (at >= 0)
    faults.push(`${what}: ${got.length} of ${wanted.length}; at ${at} «${got[at]}» instead of «${wanted[at]}»`);
}
