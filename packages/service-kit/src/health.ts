import fastify from 'fastify';
import type { Log } from './log.js';

/** Whether a service can do its work now, and what that rests on (names and states, no addresses). */
export interface Readiness {
  readonly ok: boolean;
  readonly details: Record<string, unknown>;
}

/** What GET /metrics tells; a prom-client registry fits. */
export interface Metrics {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface HealthOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Asked at each GET /health/ready; later than `readyTimeoutMs`, or an error, counts as not ready. */
  readonly ready: () => Readiness | Promise<Readiness>;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface Health {
  readonly port: number;
  close(): Promise<void>;
}

/** Longer than the 1.8 s in which a database call gives up, so that its answer is still told. */
const readyTimeoutMs = 2500;

/**
 * Listens for probes: GET /health/live (200 as long as the process turns its loop), GET /health/ready (200 or 503,
 * the `Readiness` as JSON), GET /metrics (Prometheus text). Rejects where the port is taken.
 */
export async function startHealth(options: HealthOptions): Promise<Health> {
  const { host, port, metrics, log } = options;
  const server = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1024 });
  server.get('/health/live', () => ({ ok: true }));
  server.get('/health/ready', async (_request, reply) => {
    const readiness = await ask(options.ready, log);
    return reply.code(readiness.ok ? 200 : 503).send(readiness);
  });
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  await server.listen({ host, port });
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => server.close(),
  };
}

async function ask(ready: HealthOptions['ready'], log: Log): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, details: { timeoutMs: readyTimeoutMs } }), readyTimeoutMs);
  });
  try {
    return await Promise.race([(async () => ready())(), late]);
  } catch (error) {
    log.warn({ err: error }, 'readiness could not be told');
    return { ok: false, details: {} };
  } finally {
    clearTimeout(timer);
  }
}
