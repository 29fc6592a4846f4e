import { setFlagsFromString } from 'node:v8';
import closeWithGrace, { type Signals } from 'close-with-grace';
import type { Registry } from 'prom-client';
import { ConfigError, type LogLevel } from './config.js';
import { type Health, type Readiness, startHealth } from './health.js';
import { createLog, type Log } from './log.js';
import { createMetrics } from './metrics.js';

/** The part of a service's configuration that the process itself needs. */
export interface ProcessConfig {
  readonly LOG_LEVEL: LogLevel;
  readonly HOST: string;
  readonly HEALTH_PORT: number;
}

/** What `start` returns: a service at work. `close` gives back all that `start` opened. */
export interface Running {
  ready(): Readiness | Promise<Readiness>;
  close(): Promise<void>;
  /** What /metrics tells instead of the metrics of this process. */
  metrics?(): Promise<string>;
}

/** A process that another one of the same service supervises: that one answers the probes and takes the signals. */
export interface Supervised {
  ready(): Readiness | Promise<Readiness>;
  readonly metrics: Registry;
  /** Ends this process with grace; to be called as often as one likes. */
  end(): void;
}

export interface ServiceOptions<C extends ProcessConfig> {
  readonly name: string;
  /** Usually `() => loadConfig(schema)`. */
  readonly config: () => C;
  readonly start: (context: { config: C; log: Log; metrics: Registry }) => Promise<Running>;
  /** Makes this a supervised process. Called before `start`. */
  readonly supervised?: (supervised: Supervised) => void;
  /** What SIGHUP means; unless told, it ends the process as SIGTERM does. */
  readonly onHangup?: () => void;
}

/** Time for closing, in milliseconds; container runtimes send SIGKILL after ten seconds. */
const graceMs = 9000;

/**
 * V8 throws away the code of functions that some collections in a row found unused, which is most of it after a quiet hour:
 * the crowd that comes back then finds servers as slow as just started, and took twice the CPU a login. Kept, it is some MiB.
 */
const keepCode = '--no-flush-bytecode';

const supervisorsSignals: readonly Signals[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];

/**
 * Owns the process of one service: reads the configuration, answers probes from the first moment (not ready until
 * `start` is done), starts the service, and closes it at SIGTERM, SIGINT or an error that nobody caught.
 * Exit code 0 after a signal; 1 after an error, a failed start (one sentence on standard error), or a close that took
 * longer than 9 s.
 */
export async function runService<C extends ProcessConfig>(options: ServiceOptions<C>): Promise<void> {
  const { name } = options;
  setFlagsFromString(keepCode);
  try {
    const config = options.config();
    const log = createLog({ name, level: config.LOG_LEVEL });
    await runWith(options, config, log);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(error instanceof ConfigError ? `${reason}\n` : `${name} could not start: ${reason}\n`);
    process.exit(1);
  }
}

async function runWith<C extends ProcessConfig>(options: ServiceOptions<C>, config: C, log: Log): Promise<void> {
  const { supervised, onHangup } = options;
  const metrics = createMetrics(options.name);
  let running: Running | undefined;
  let health: Health | undefined;
  let closing = false;
  const skip: Signals[] = supervised ? [...supervisorsSignals] : onHangup ? ['SIGHUP'] : [];
  const settings = { delay: graceMs, skip, logger: { error: (message: string) => log.error(message) } };
  const closer = closeWithGrace(settings, async ({ signal, err }) => {
    closing = true;
    if (err === undefined) log.info({ signal }, 'closing');
    else log.fatal({ err }, 'closing after an error that nobody caught');
    // The probes go on answering (not ready) until the rest is closed.
    await running?.close();
    await health?.close();
    log.info('closed');
  });
  const ready = () => (running === undefined || closing ? { ok: false, details: { closing } } : running.ready());
  if (supervised) {
    const end = () => {
      if (!closing) closer.close();
    };
    supervised({ ready, metrics, end });
  } else {
    const told = { contentType: metrics.contentType, metrics: () => running?.metrics?.() ?? metrics.metrics() };
    health = await startHealth({ host: config.HOST, port: config.HEALTH_PORT, ready, metrics: told, log });
  }
  if (onHangup) process.on('SIGHUP', onHangup);
  running = await options.start({ config, log, metrics });
  log.info(health === undefined ? {} : { healthPort: health.port }, 'started');
}
