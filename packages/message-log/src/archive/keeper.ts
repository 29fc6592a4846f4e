import { setTimeout as pause } from 'node:timers/promises';
import { TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import type { Database } from '@teahouse/service-kit/database';
import type { LogTables } from '../types.js';
import type { Alarms } from './alarms.js';
import type { Archiver, Targets } from './archiver.js';
import type { Keeping } from './keeping.js';
import type { ArchiveMetrics } from './metrics.js';
import { type RecallsOptions, settleRecalls } from './recalls.js';
import type { Retention } from './retention.js';
import { scan } from './scan.js';

/** Archiving within one round, and the pause after each step: a backfill of years leaves room for sends and evictions. */
const archiveMs = 60_000;
const pauseMs = 10;
const timeIsUp = new Error('the rest is left to the next round');

export interface KeeperOptions extends RecallsOptions {
  readonly database: Database;
  readonly tables: LogTables;
  readonly keeping: Keeping;
  readonly alarms: Alarms;
  readonly archiver: Archiver;
  readonly retention: Retention;
  readonly metrics: ArchiveMetrics;
  /** Messages older than this leave the hot database, and the oldest beyond so many. */
  readonly maxAgeMs: number;
  readonly maxRows: number;
  readonly intervalMs: number;
  readonly log: Log;
}

/**
 * Every `intervalMs` one of all instances keeps house: archives what the queue lost or never heard of (also all that is
 * there when a system gets its first archive), brings recalls into the archive, evicts.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void>;
  #failing = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#running = this.#loop();
  }

  /** Ends the round at work between two steps. */
  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #loop(): Promise<void> {
    const { keeping, metrics, alarms, intervalMs, log } = this.#options;
    try {
      // All instances look every interval, and one of them works.
      if (await keeping.take(intervalMs * 0.9)) await this.#round();
      metrics.counted({ ...(await keeping.counts()), alarms: await alarms.count() });
      this.#failing = false;
    } catch (error) {
      if (!this.#failing && !this.#stop.signal.aborted) log.warn({ err: error }, 'keeping house failed; it goes on');
      this.#failing = true;
    }
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#loop();
    }, intervalMs);
    this.#timer.unref();
  }

  async #round(): Promise<void> {
    const { database, tables, keeping } = this.#options;
    const counted = { hot: 0, unarchived: 0 };
    let complete = false;
    try {
      const late = performance.now() + archiveMs;
      let failure: unknown;
      for await (const { hot, unarchived, behind } of scan(database, tables)) {
        await this.#between();
        counted.hot += hot;
        counted.unarchived += unarchived;
        // The archive may be away: the others are counted all the same.
        if (!failure && behind.size > 0) failure = await this.#catchUp(behind, late);
      }
      complete = true;
      if (failure) throw failure;
      await settleRecalls(this.#options);
      counted.hot -= await this.#evict(counted.hot);
    } finally {
      await keeping.end(complete ? counted : undefined);
    }
  }

  /** Archives what is behind, until `late`. Resolves with what kept it from doing so. */
  async #catchUp(behind: Targets, late: number): Promise<unknown> {
    const { keeping, archiver } = this.#options;
    try {
      await keeping.fence();
      await archiver.archive(behind, async () => {
        if (performance.now() > late) throw timeIsUp;
        await this.#between();
        await pause(pauseMs);
      });
      return undefined;
    } catch (error) {
      return error === timeIsUp ? undefined : error;
    }
  }

  /** Resolves with how many messages went. */
  async #evict(hot: number): Promise<number> {
    const { retention, keeping, maxAgeMs, maxRows } = this.#options;
    const { evicted } = await keeping.counts();
    const gone = async () => (await keeping.counts()).evicted - evicted;
    await retention.byAge(Date.now() - maxAgeMs, () => this.#between());
    const excess = hot - (await gone()) - maxRows;
    if (excess > 0) await retention.byCount(excess, () => this.#between());
    return gone();
  }

  async #between(): Promise<void> {
    if (this.#stop.signal.aborted) throw new TeahouseError('UNAVAILABLE');
    await this.#options.keeping.keep();
  }
}
