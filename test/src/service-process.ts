import { setTimeout as delay } from 'node:timers/promises';
import { type Exit, type RunningProcess, startProcess } from './processes.js';
import { eventually } from './wait.js';

/** One instance of a service under supervision: when it dies it is started again, unless it was told to stay down. */
export interface ServiceProcess {
  readonly name: string;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** `http://127.0.0.1:port`, with `/health/ready` and `/metrics`. */
  readonly healthUrl: string;
  /** How often it was started. */
  readonly starts: number;
  /** Signals it: `SIGKILL` crashes it (it comes back), `SIGSTOP` holds it, `SIGCONT` lets it go on. */
  kill(signal: NodeJS.Signals): void;
  /** Ends it by `signal` and keeps it down until `up`. */
  down(signal?: NodeJS.Signals): Promise<Exit>;
  /** Starts it where it is down, and waits until it is ready. Rejects with its last words where it dies before that. */
  up(): Promise<void>;
  /** Waits until it says that it is ready. */
  ready(timeoutMs: number): Promise<void>;
}

export interface ServiceSpec {
  readonly name: string;
  /** The compiled `main.js`. */
  readonly main: string;
  readonly healthPort: number;
  readonly env: NodeJS.ProcessEnv;
  readonly line: (line: string) => void;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;
/** Who ran for so long has not died at its start; the next pause is a short one again. */
const settledMs = 10_000;
const startTimeoutMs = 60_000;
const stopGraceMs = 10_000;
const keptLines = 20;

/** A service that is down until `up`. */
export function superviseService(spec: ServiceSpec): ServiceProcess {
  return new Supervised(spec);
}

class Supervised implements ServiceProcess {
  readonly name: string;
  readonly healthUrl: string;
  starts = 0;
  #running: RunningProcess | undefined;
  #wanted = false;
  #lastWords: string[] = [];

  constructor(private readonly spec: ServiceSpec) {
    this.name = spec.name;
    this.healthUrl = `http://127.0.0.1:${spec.healthPort}`;
  }

  get pid(): number {
    return this.#running?.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.#running?.kill(signal);
  }

  async down(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.#wanted = false;
    return (await this.#running?.stop(signal, stopGraceMs)) ?? { code: 0, signal: null };
  }

  async up(): Promise<void> {
    if (this.#wanted) return await this.ready(startTimeoutMs);
    this.#wanted = true;
    this.#lastWords = [];
    const first = await this.#start();
    let died: Exit | undefined;
    void first.exited.then((exit) => {
      died = exit;
    });
    this.#watch(first, Date.now(), firstPauseMs);
    try {
      const isReady = async () => died !== undefined || (await this.#isReady());
      await eventually(isReady, startTimeoutMs, `${this.name} does not become ready`);
      if (died) throw new Error(`${this.name} ended at its start (${died.signal ?? died.code})`);
    } catch (cause) {
      await this.down('SIGKILL');
      throw new Error(`${(cause as Error).message}\n${this.#lastWords.join('\n')}`, { cause });
    }
  }

  async ready(timeoutMs: number): Promise<void> {
    await eventually(() => this.#isReady(), timeoutMs, `${this.name} does not become ready`);
  }

  async #start(): Promise<RunningProcess> {
    this.starts += 1;
    this.#running = await startProcess(process.execPath, ['--enable-source-maps', this.spec.main], {
      env: { ...this.spec.env, HEALTH_PORT: String(this.spec.healthPort) },
      output: {
        line: (line) => {
          this.#lastWords = [...this.#lastWords.slice(1 - keptLines), line];
          this.spec.line(line);
        },
      },
    });
    return this.#running;
  }

  #watch(running: RunningProcess, startedAt: number, pauseMs: number): void {
    const again = async (exit: Exit) => {
      if (!this.#wanted) return;
      const pause = Date.now() - startedAt >= settledMs ? firstPauseMs : pauseMs;
      this.spec.line(`(ended by ${exit.signal ?? exit.code}; starting again in ${pause} ms)`);
      await delay(pause);
      // Somebody may have said `down`, or `down` and `up`, meanwhile.
      if (!this.#wanted || this.#running !== running) return;
      this.#watch(await this.#start(), Date.now(), Math.min(pause * 2, longestPauseMs));
    };
    running.exited.then(again).catch((error: unknown) => this.spec.line(`(cannot be started again: ${String(error)})`));
  }

  async #isReady(): Promise<boolean> {
    const response = await fetch(`${this.healthUrl}/health/ready`, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.status === 200;
  }
}
