import { type Adapter, inParallel, type Stage } from './adapter.js';
import { type BusTraffic, busTraffic, perMessage } from './bus-traffic.js';
import { cpuBetween } from './cpu.js';
import { judge, Tally, type Verdict } from './ledger.js';
import { Connection, type Reading, Round } from './round.js';
import type { SenderPlan, Workload } from './workloads.js';

const CONNECT_WIDTH = 16;

/** How long each part of a round may take, milliseconds; a server silent for `quietMs` has nothing more to say. */
export interface Timing {
  quietMs: number;
  settleMs: number;
  warmupMs: number;
  windowMs: number;
  drainMs: number;
}

/** One measured window. Times of the latency are milliseconds, of the CPU microseconds. */
export interface RoundResult {
  messagesPerSecond: number;
  deliveriesPerSecond: number;
  ackP50Ms: number;
  ackP99Ms: number;
  /** From a send to its arrival at another, sampled. */
  deliveryP50Ms: number;
  deliveryP99Ms: number;
  /** CPU of the server's processes during the window, by name, and their sum a message and a delivery. */
  serverCpuUs: Record<string, number>;
  cpuUsPerMessage: number;
  cpuUsPerDelivery: number;
  /** What went over the bus a message; undefined for a server without one. */
  bus?: BusTraffic;
  /** The generator's share of one core; near 1 it is the generator that was measured. */
  generatorCores: number;
  /** Counted from the first message to the last, after everything had arrived. */
  verdict: Verdict;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves once `done` is true, looked at every 20 ms; false when `deadlineMs` passed first. */
async function until(done: () => boolean, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (!done()) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}

/** Waits until the server has been silent for a moment: connecting makes notices and presence of its own. */
async function settle(round: Round, { quietMs, settleMs }: Timing): Promise<void> {
  let frames = -1;
  let since = performance.now();
  const quiet = await until(() => {
    const now = performance.now();
    if (frames !== round.noticed + round.heard) since = now;
    frames = round.noticed + round.heard;
    return now - since >= quietMs;
  }, settleMs);
  if (!quiet) throw new Error('The server never came to rest after everybody had connected.');
}

function resultOf(round: Round, before: Reading, after: Reading, verdict: Verdict): RoundResult {
  const seconds = (after.at - before.at) / 1000;
  const messages = after.acked - before.acked;
  const deliveries = after.heard - before.heard;
  const serverCpuUs = cpuBetween(before.server, after.server);
  const cpu = Object.values(serverCpuUs).reduce((sum, us) => sum + us, 0);
  return {
    messagesPerSecond: messages / seconds,
    deliveriesPerSecond: deliveries / seconds,
    ackP50Ms: round.ackLatency.getValueAtPercentile(50) / 1000,
    ackP99Ms: round.ackLatency.getValueAtPercentile(99) / 1000,
    deliveryP50Ms: round.deliveryLatency.getValueAtPercentile(50) / 1000,
    deliveryP99Ms: round.deliveryLatency.getValueAtPercentile(99) / 1000,
    serverCpuUs,
    cpuUsPerMessage: cpu / messages,
    cpuUsPerDelivery: cpu / deliveries,
    generatorCores: (after.generatorUs - before.generatorUs) / 1e6 / seconds,
    verdict,
  };
}

/**
 * One round: everybody connects, the senders run a closed loop, a window is measured, everything drains, and each
 * connection's deliveries are compared with the acked messages. Rejects on any error answer or closed connection,
 * and where nothing was acked; what was lost or doubled stands in the verdict.
 *
 * @param pids the server's processes by name, whose CPU (with that of their descendants) is counted
 * @param busUrl where the server's NATS tells what it counted, if it has one
 */
export async function runRound(
  stage: Stage,
  workload: Workload,
  timing: Timing,
  pids: Readonly<Record<string, number>>,
  busUrl?: string,
): Promise<RoundResult> {
  const round = new Round();
  const acks = workload.conversations.map(() => new Tally());
  const rooms = workload.conversations.map(({ users }, i) =>
    users.map((user) => ({ user, connection: new Connection(round, user, acks[i] as Tally) })),
  );
  const byUser = new Map(rooms.flat().map(({ user, connection }) => [user, connection]));
  try {
    await inParallel([...byUser], CONNECT_WIDTH, async ([user, connection]) => {
      connection.member = await stage.connect(user, connection);
    });
    await settle(round, timing);
    round.check();
    const storedBefore = await stage.stored?.();
    for (const connection of byUser.values()) connection.begin();
    round.heard = 0;
    round.sending = true;
    if (workload.rate === undefined) for (const sender of workload.senders) start(byUser, sender);
    else pace(round, byUser, workload.senders, workload.rate);
    await sleep(timing.warmupMs);
    round.recording = true;
    const busBefore = await busTraffic(busUrl);
    const before = round.read(pids);
    await sleep(timing.windowMs);
    const busAfter = await busTraffic(busUrl);
    const after = round.read(pids);
    round.recording = false;
    round.sending = false;
    const verdictNow = () =>
      judge(
        rooms.map((room) => room.map(({ connection }) => connection.ledger)),
        acks,
      );
    await until(() => {
      if (round.failure !== undefined) return true;
      if ([...byUser.values()].some(({ inFlight }) => inFlight > 0)) return false;
      const { owed, heard } = verdictNow();
      return heard >= owed;
    }, timing.drainMs);
    await sleep(timing.quietMs); // A doubled delivery may come after the last one that was owed.
    round.check();
    if (after.acked === before.acked) throw new Error('Nothing was acked during the window.');
    const verdict = verdictNow();
    await checkStored(stage, storedBefore, verdict.acked);
    const bus = busBefore && busAfter && perMessage(busBefore, busAfter, after.acked - before.acked);
    return { ...resultOf(round, before, after, verdict), ...(bus && { bus }) };
  } finally {
    for (const connection of byUser.values()) connection.member?.close();
  }
}

/** Rejects unless the database has gained exactly the acked messages, for a server that can be asked. */
async function checkStored(stage: Stage, before: number | undefined, acked: number): Promise<void> {
  if (!stage.stored || before === undefined) return;
  const stored = (await stage.stored()) - before;
  if (stored !== acked) throw new Error(`${acked} messages were acked and ${stored} stored.`);
}

function start(byUser: ReadonlyMap<number, Connection>, sender: SenderPlan): void {
  for (let i = 0; i < sender.inFlight; i += 1) byUser.get(sender.user)?.sendNext();
}

/** Begins `rate` messages a second, the senders taking turns, until the round stops sending. A late tick begins what it owes. */
function pace(
  round: Round,
  byUser: ReadonlyMap<number, Connection>,
  senders: readonly SenderPlan[],
  rate: number,
): void {
  round.paced = true;
  const since = performance.now();
  let begun = 0;
  const timer = setInterval(() => {
    if (!round.sending) return clearInterval(timer);
    for (const due = ((performance.now() - since) * rate) / 1000; begun < due; begun += 1)
      byUser.get((senders[begun % senders.length] as SenderPlan).user)?.sendNext();
  }, 1);
}

/** What a verdict finds wrong, as a sentence; undefined where all is as it must be. */
export function complaint(adapter: Pick<Adapter, 'promisesOrder'>, verdict: Verdict): string | undefined {
  if (verdict.wrongConnections > 0) {
    return `${verdict.wrongConnections} connections heard not exactly what was acked (${verdict.heard} of ${verdict.owed})`;
  }
  if (verdict.damaged > 0) return `${verdict.damaged} sampled deliveries were damaged`;
  if (adapter.promisesOrder && verdict.disordered > 0) return `${verdict.disordered} deliveries were out of order`;
  return undefined;
}
