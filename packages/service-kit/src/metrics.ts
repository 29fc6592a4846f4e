import { collectDefaultMetrics, Registry } from 'prom-client';

/** The metrics of one service: those of the process (CPU, memory, event-loop lag, garbage collection) are in it already. */
export function createMetrics(service: string): Registry {
  const metrics = new Registry();
  metrics.setDefaultLabels({ service });
  collectDefaultMetrics({ register: metrics });
  return metrics;
}
