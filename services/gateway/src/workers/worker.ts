import type { Readiness, Supervised } from '@teahouse/service-kit';
import { AggregatorRegistry } from 'prom-client';
import { isLeave, type Report, reportMs } from './messages.js';

/** Makes this process a worker: it reports to its primary, leaves when told so, and ends with the primary. */
export function beWorker({ ready, metrics, end }: Supervised): void {
  AggregatorRegistry.setRegistries([metrics]);
  // From now on it answers the primary's questions for metrics.
  new AggregatorRegistry();
  process.on('message', (message) => {
    if (isLeave(message)) end();
  });
  process.on('SIGTERM', end);
  // A terminal sends these to all processes of a group; here they are the primary's.
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
  const tell = async () => {
    let readiness: Readiness = { ok: false, details: {} };
    try {
      readiness = await ready();
    } finally {
      const report: Report = { type: 'report', ...readiness };
      if (process.connected) process.send?.(report, undefined, {}, () => {});
    }
  };
  const timer = setInterval(() => void tell().catch(() => {}), reportMs);
  timer.unref();
}
