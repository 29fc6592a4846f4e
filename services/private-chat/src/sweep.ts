import { type PrivateHeads, subjects } from '@teahouse/contracts';
import type { Service } from './service.js';

const everyMs = 2000;
/** How far back a sweep looks: transactions take time, clocks of instances differ, and one event may be lost. */
const windowMs = 10_000;
const firstWindowMs = 60_000;
/** Heads in one event, about 200 KiB at most. */
const headsAtOnce = 4000;

export interface Sweep {
  /** Whether the last round went through. */
  readonly healthy: boolean;
  stop(): Promise<void>;
}

/**
 * Repeats every 2 s the newest `seq` of conversations that moved lately, whoever stored the messages: a lost last event
 * shows there, even when its sender died. While the bus is away the window grows.
 */
export function startSweep({ bus, messages, log }: Service): Sweep {
  /**
   * Everything that moved before was told. It is the beginning of the last round but one that reached the bus: a database
   * that stood still may commit what was asked of it before just after the first round that it answers.
   */
  let told = Date.now() - firstWindowMs + windowMs;
  let last = told;
  let healthy = true;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const tellHeads = async () => {
    const start = Date.now();
    let since = Math.min(told, start) - windowMs;
    for (;;) {
      const rows = await messages.movedSince(since, headsAtOnce);
      const heads: PrivateHeads['heads'] = rows.map((row) => [
        Number(row.userLow),
        Number(row.userHigh),
        Number(row.lastSeq),
      ]);
      if (heads.length > 0 && !bus.publish(subjects.privateHeads, Buffer.from(JSON.stringify({ heads })))) return;
      const newest = Number(rows.at(-1)?.movedAt);
      // A full page that ends where it began would come again for ever: so many of one millisecond are left to the next.
      if (rows.length < headsAtOnce || newest === since || stopped) break;
      since = newest;
    }
    if (!bus.connected) return;
    told = last;
    last = start;
  };

  const round = async () => {
    try {
      await tellHeads();
      healthy = true;
    } catch (error) {
      if (healthy) log.warn({ err: error }, 'a sweep failed, the next one goes on');
      healthy = false;
    }
  };

  let running = round();
  const again = () => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = round();
      void running.then(again);
    }, everyMs);
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
