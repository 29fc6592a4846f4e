import cluster, { type Worker } from 'node:cluster';
import type { Log, Readiness } from '@teahouse/service-kit';
import { isReport, leave } from './messages.js';

/** From fork to the first report of readiness. */
const startMs = 60_000;
/** A worker that reports nothing for so long hangs and is killed: its clients do better elsewhere. */
const silentMs = 6_000;
const watchMs = 1_000;
/** A leaving worker has 9 s of grace; then it is killed. */
const leaveMs = 10_000;
/** Where all end the primary itself has 9 s. */
const closingMs = 8_000;
/** One that lived for so long did not die of its start. */
const settledMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;

interface Member {
  readonly worker: Worker;
  readonly startedAt: number;
  /** Settles when it said for the first time that it is ready; rejects where it ends or takes too long before that. */
  readonly started: Promise<void>;
  readiness: Readiness | undefined;
  heardAt: number;
  leaving: boolean;
}

/** The worker processes of a gateway: as many as wanted at any time, each replaced when it ends. */
export class Pool {
  readonly #size: number;
  readonly #log: Log;
  readonly #members = new Set<Member>();
  #watch: NodeJS.Timeout | undefined;
  #watchedAt = 0;
  #pauseMs = firstPauseMs;
  #rolling: Promise<void> | undefined;
  #closing = false;

  constructor(options: { size: number; log: Log }) {
    this.#size = options.size;
    this.#log = options.log;
  }

  /** Resolves when all are ready; rejects where the first cannot start. */
  async start(): Promise<void> {
    this.#watchedAt = performance.now();
    this.#watch = setInterval(() => this.#checkAll(), watchMs);
    // Alone, so that what is wrong with the configuration is said once.
    await this.#fork(false).started;
    const others = Array.from({ length: this.#size - 1 }, () => this.#fork(true));
    await Promise.allSettled(others.map(({ started }) => started));
  }

  ready(): Readiness {
    const ready = [...this.#members].filter(({ readiness, leaving }) => readiness?.ok === true && !leaving).length;
    return { ok: ready > 0 && !this.#closing, details: { workers: this.#size, ready, closing: this.#closing } };
  }

  get workers(): Worker[] {
    return [...this.#members].map(({ worker }) => worker);
  }

  /** Replaces all workers, one after the other. Never rejects; asked again meanwhile it begins anew afterwards. */
  roll(): void {
    this.#rolling = (this.#rolling ?? Promise.resolve()).then(() => this.#roll());
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#watch);
    await Promise.all([...this.#members].map((member) => this.#retire(member)));
  }

  async #roll(): Promise<void> {
    for (const old of [...this.#members]) {
      if (this.#closing) return;
      if (old.leaving || !this.#members.has(old)) continue;
      const fresh = this.#fork(false);
      try {
        await fresh.started;
      } catch (err) {
        this.#log.error({ err }, 'a new worker does not start; the old ones stay');
        fresh.worker.process.kill('SIGKILL');
        return;
      }
      await this.#retire(old);
    }
    this.#log.info('all workers were replaced');
  }

  /** @param replace whether another one comes in its place should it end before it is ready */
  #fork(replace: boolean): Member {
    const worker = cluster.fork();
    let begun = () => {};
    let failed = (_error: Error) => {};
    const started = new Promise<void>((resolve, reject) => {
      begun = resolve;
      failed = reject;
    });
    started.catch(() => {});
    const now = performance.now();
    const member: Member = { worker, startedAt: now, started, readiness: undefined, heardAt: now, leaving: false };
    this.#members.add(member);
    const late = setTimeout(() => failed(new Error('a worker is not ready in time')), startMs);
    let wanted = replace;
    worker.on('message', (message) => {
      if (!isReport(message)) return;
      member.readiness = { ok: message.ok, details: message.details };
      member.heardAt = performance.now();
      if (!message.ok) return;
      wanted = true;
      clearTimeout(late);
      begun();
    });
    worker.on('exit', (code, signal) => {
      clearTimeout(late);
      this.#members.delete(member);
      failed(new Error(`a worker ended at its start by ${signal ?? code}`));
      if (!member.leaving && wanted) this.#replace(member, signal ?? code);
    });
    // A line to a worker that has just died.
    worker.on('error', (err) => this.#log.warn({ err }, 'a worker cannot be told something'));
    return member;
  }

  #replace(member: Member, end: string | number): void {
    if (this.#closing) return;
    const settled = performance.now() - member.startedAt >= settledMs;
    const pauseMs = settled ? 0 : this.#pauseMs;
    this.#pauseMs = settled ? firstPauseMs : Math.min(longestPauseMs, 2 * this.#pauseMs);
    this.#log.error({ worker: member.worker.process.pid, end, pauseMs }, 'a worker ended; another one takes its place');
    const next = () => {
      if (!this.#closing) this.#fork(true);
    };
    if (pauseMs === 0) next();
    else setTimeout(next, pauseMs);
  }

  /** Lets a worker end with grace. */
  async #retire(member: Member): Promise<void> {
    member.leaving = true;
    const { worker } = member;
    if (worker.isDead()) return;
    // One that has just died answers with an error; its exit follows.
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    if (worker.isConnected()) worker.send(leave, () => {});
    else worker.process.kill('SIGTERM');
    const late = setTimeout(() => worker.process.kill('SIGKILL'), this.#closing ? closingMs : leaveMs);
    await exited;
    clearTimeout(late);
  }

  #checkAll(): void {
    const now = performance.now();
    // After a pause of this process itself the reports are still to be read.
    const paused = now - this.#watchedAt > 2 * watchMs;
    this.#watchedAt = now;
    for (const member of this.#members) {
      if (paused) member.heardAt = Math.max(member.heardAt, now - silentMs / 2);
      if (member.leaving || member.readiness === undefined || now - member.heardAt < silentMs) continue;
      this.#log.error({ worker: member.worker.process.pid }, 'a worker hangs and is killed');
      member.worker.process.kill('SIGKILL');
    }
  }
}
