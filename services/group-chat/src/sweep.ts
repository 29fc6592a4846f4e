import { type GroupHeads, subjects } from '@teahouse/contracts';
import { forgetActs } from '@teahouse/service-kit/database';
import { retireDissolved } from './dissolving.js';
import type { Service } from './service.js';

const everyMs = 2_000;
/** How far back a sweep looks: transactions take time, clocks of instances differ, and one event may be lost. */
const windowMs = 10_000;
const firstWindowMs = 60_000;
/** How often old entries of the audit trail are looked for. */
const forgetMs = 10 * 60_000;
/** Groups told at once, about 100 KiB; those that moved last are the ones left out beyond, and the next sweep has them. */
const groupsAtOnce = 5_000;

export interface Sweep {
  /** Whether the last round went through. */
  readonly healthy: boolean;
  stop(): Promise<void>;
}

/**
 * Repeats every 2 s the newest `seq` of groups that moved lately, whoever stored the messages: a lost last event shows
 * there, even when its sender died. The view of memberships is mended in the same rounds.
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
  let healthy = true;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

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

  const round = async () => {
    try {
      await tellHeads();
      if (bus.connected) {
        await memberships.sweep();
        await retireDissolved(service, Number.POSITIVE_INFINITY);
      }
      if (Date.now() >= forgetDue) {
        while (await forgetActs(database));
        forgetDue = Date.now() + forgetMs;
      }
      healthy = true;
    } catch (error) {
      if (healthy) log.warn({ err: error }, 'a sweep failed, the next one goes on');
      healthy = false;
    }
  };

  let running = round();
  const again = () => {
    timer = setTimeout(() => {
      running = round();
      void running.then(again);
    }, everyMs);
    if (stopped) clearTimeout(timer);
  };
  void running.then(again);

  return {
    get healthy() {
      return healthy;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
