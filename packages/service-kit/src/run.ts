import closeWithGrace from 'close-with-grace';
import type { Registry } from 'prom-client';
import { ConfigError, type LogLevel } from './config.js';
import { type Readiness, startHealth } from './health.js';
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
}

export interface ServiceOptions<C extends ProcessConfig> {
  readonly name: string;
  /** Usually `() => loadConfig(schema)`. */
  readonly config: () => C;
  readonly start: (context: { config: C; log: Log; metrics: Registry }) => Promise<Running>;
}

/** Time for closing, in milliseconds; container runtimes send SIGKILL after ten seconds. */
const graceMs = 9000;

/**
 * Owns the process of one service: reads the configuration, answers probes from the first moment (not ready until
 * `start` is done), starts the service, and closes it at SIGTERM, SIGINT or an error that nobody caught.
 * Exit code 0 after a signal; 1 after an error, a failed start (one sentence on standard error), or a close that took
 * longer than 9 s.
 */
export async function runService<C extends ProcessConfig>(options: ServiceOptions<C>): Promise<void> {
  const { name } = options;
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
  const metrics = createMetrics(options.name);
  let running: Running | undefined;
  let closing = false;
  closeWithGrace({ delay: graceMs, logger: { error: (message) => log.error(message) } }, async ({ signal, err }) => {
    closing = true;
    if (err === undefined) log.info({ signal }, 'closing');
    else log.fatal({ err }, 'closing after an error that nobody caught');
    // The probes go on answering (not ready) until the rest is closed.
    await running?.close();
    await health.close();
    log.info('closed');
  });
  const ready = () => (running === undefined || closing ? { ok: false, details: { closing } } : running.ready());
  const health = await startHealth({ host: config.HOST, port: config.HEALTH_PORT, ready, metrics, log });
  running = await options.start({ config, log, metrics });
  log.info({ healthPort: health.port }, 'started');
}
