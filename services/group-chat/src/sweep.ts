import { type GroupHeads, subjects } from '@teahouse/contracts';
import { every, settledWithin } from '@teahouse/service-kit';
import { forgetActs } from '@teahouse/service-kit/database';
import { retireDissolved } from './dissolving.js';
import type { Service } from './service.js';

const everyMs = 2_000;
/** How long the end waits for what is under way. */
const stopMs = 2_000;
/** How far back a sweep looks: transactions take time, clocks of instances differ, and one event may be lost. */
const windowMs = 10_000;
const firstWindowMs = 60_000;
/** How often old entries of the audit trail are looked for. */
const forgetMs = 10 * 60_000;
/** Groups told at once, about 100 KiB; those that moved last are the ones left out beyond, and the next sweep has them. */
const groupsAtOnce = 5_000;

export interface Sweep {
  /** Whether the last rounds went through. */
  readonly healthy: boolean;
  /** Ends what is under way with its page; 2 s at most. */
  stop(): Promise<void>;
}

/**
 * Repeats every 2 s the newest `seq` of groups that moved lately, whoever stored the messages: a lost last event shows
 * there, even when its sender died. The view of memberships is mended in rounds of its own: writing all of it anew takes
 * long where there are many users, and delays no head.
 */
export function startSweep(service: Service): Sweep {
  const { bus, database, messages, memberships, log } = service;
  /**
   * When the last round but one that reached the bus began: a database that stood still may commit what was asked of it
   * before just after the first round that it answers.
   */
  let told = Date.now() - firstWindowMs;
  let last = told;
  let forgetDue = 0;
  const stopping = new AbortController();
  const { signal } = stopping;
  const failing = new Set<() => Promise<void>>();

  const tellHeads = async () => {
    const now = Date.now();
    const rows = await messages.movedSince(told - windowMs, groupsAtOnce);
    const heads: GroupHeads['heads'] = rows.map((row) => [Number(row.id), Number(row.lastSeq)]);
    if (heads.length > 0 && !bus.publish(subjects.groupHeads, Buffer.from(JSON.stringify({ heads })))) return;
    if (!bus.connected) return;
    // A full page ends at what moved when its last row did.
    told = rows.length < groupsAtOnce ? last : Number(rows.at(-1)?.movedAt) + windowMs;
    last = now;
  };

  const mend = async () => {
    if (bus.connected) {
      await memberships.sweep(signal);
      await retireDissolved(service, Number.POSITIVE_INFINITY, signal);
    }
    if (Date.now() < forgetDue) return;
    while (!signal.aborted && (await forgetActs(database)));
    forgetDue = Date.now() + forgetMs;
  };

  const rounds = [tellHeads, mend].map((work) => {
    const round = every(
      everyMs,
      async () => {
        await work();
        failing.delete(work);
      },
      (err) => {
        if (!failing.has(work) && !signal.aborted) log.warn({ err }, 'a sweep failed, the next one goes on');
        failing.add(work);
      },
    );
    void round.now();
    return round;
  });

  return {
    get healthy() {
      return failing.size === 0;
    },
    async stop() {
      stopping.abort();
      await settledWithin(Promise.all(rounds.map((round) => round.stop())), stopMs);
    },
  };
}
