import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type LiveMemory, serviceNames } from '@teahouse/test';
import { inParallel } from './adapter.js';
import { cpuBetween, cpuUsed } from './cpu.js';
import { type Account, type Frame, nowhere, TeahouseMember } from './teahouse.js';

/** Connections that one generator opens at once; more only wait in the kernel's queue. */
const OPEN_AT_ONCE = 500;
const beatMs = 50;
const collections = 4;
const collectEachMs = 2_000;

interface GroupAtReady {
  id: number;
  lastSeq: number;
}

type Ready = Frame & { groups: GroupAtReady[] };

/** One client that remembers what it has seen of each group, as one that comes back does. */
export class Visitor {
  readonly held = new Map<number, number>();
  private member: TeahouseMember | undefined;

  constructor(readonly account: Account) {}

  /** Connects, logs in, and reads what it missed in every group that moved. Resolves with the number of messages read. */
  async come(url: string): Promise<number> {
    const member = new TeahouseMember(this.account, undefined, { ...nowhere, failed: this.failed });
    this.member = member;
    const { groups } = (await member.open(url)) as Ready;
    let read = 0;
    for (const { id, lastSeq } of groups) {
      let held = this.held.get(id) ?? lastSeq;
      while (held < lastSeq) {
        const page = await member.request({ type: 'history', groupId: id, afterSeq: held, limit: 200 });
        const seqs = (page as Frame & { messages: { seq: number }[] }).messages.map(({ seq }) => seq);
        if (seqs[0] !== held + 1) throw new Error(`group ${id} goes on with ${seqs[0]} after ${held}`);
        read += seqs.length;
        held = seqs.at(-1) as number;
      }
      this.held.set(id, held);
    }
    return read;
  }

  say(groupId: number, content: string): Promise<Frame> {
    if (!this.member) throw new Error('not connected');
    return this.member.request({ type: 'groupMessage', groupId, content });
  }

  /** Milliseconds until a sign of life is answered. */
  async beat(): Promise<number> {
    if (!this.member) throw new Error('not connected');
    const since = performance.now();
    await this.member.request({ type: 'heartbeat' });
    return performance.now() - since;
  }

  leave(): void {
    this.member?.close();
    this.member = undefined;
  }

  private readonly failed = (reason: string): void => {
    if (this.member) throw new Error(`user ${this.account.id}: ${reason}`);
  };
}

/** How long it took until everybody was logged in and had read what was missed. */
export interface Arrival {
  seconds: number;
  loginsPerSecond: number;
  messagesRead: number;
  /** The longest that somebody who was there before waited for the answer to a heartbeat. */
  longestBeatMs: number;
  /** CPU by process, microseconds a login. */
  cpuUsPerLogin: Record<string, number>;
}

/** Everybody connects at once, while `present` gives a sign of life every 50 ms. Rejects on any refusal, hole or lost connection. */
export async function arrive(
  url: string,
  visitors: readonly Visitor[],
  present: Visitor,
  pids: Readonly<Record<string, number>>,
): Promise<Arrival> {
  const before = cpuUsed(pids);
  const since = performance.now();
  let messagesRead = 0;
  let longestBeatMs = 0;
  let seconds = 0;
  const arrived = inParallel(visitors, OPEN_AT_ONCE, async (visitor) => {
    const read = await visitor.come(url);
    messagesRead += read;
  }).then(() => {
    seconds = (performance.now() - since) / 1000;
  });
  while (seconds === 0) {
    longestBeatMs = Math.max(longestBeatMs, await present.beat());
    await Promise.race([pause(beatMs), arrived]);
  }
  const used = Object.entries(cpuBetween(before, cpuUsed(pids)));
  return {
    seconds,
    loginsPerSecond: visitors.length / seconds,
    messagesRead,
    longestBeatMs,
    cpuUsPerLogin: Object.fromEntries(used.map(([name, us]) => [name, us / visitors.length])),
  };
}

/** Bytes of one process. */
export interface Memory {
  /** What the kernel holds for it (Linux only). */
  readonly resident: number;
  /** Of that, what is still in use in V8's heap and its buffers; our own services alone tell it. */
  readonly live: number | undefined;
}

/**
 * Memory of each process; of our own services after they have collected garbage, which takes V8 some rounds: what a storm left
 * behind would be counted as connections otherwise. Collecting on demand does not compact the heap: only V8 itself does, where
 * a process was left in peace before.
 */
export async function memoryOf(
  live: LiveMemory,
  pids: Readonly<Record<string, number>>,
): Promise<Record<string, Memory>> {
  const used = new Map<string, number>();
  for (let round = 0; round < collections; round += 1) {
    for (const name of serviceNames) if (pids[name] !== undefined) used.set(name, (await live.of(pids[name])).live);
    await pause(collectEachMs);
  }
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => {
      const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      return [name, { resident: Number(found?.[1] ?? Number.NaN) * 1024, live: used.get(name) }];
    }),
  );
}
