import type { Readiness, Supervised } from '@teahouse/service-kit';
import { isLeave, isMetricsQuestion, type MetricsAnswer, type Report, reportMs, startReportMs } from './messages.js';

/** Makes this process a worker: it reports to its primary, leaves when told so, and ends with the primary. */
export function beWorker({ ready, metrics, end }: Supervised): void {
  const send = (message: Report | MetricsAnswer) => {
    if (process.connected) process.send?.(message, undefined, {}, () => {});
  };
  const tellMetrics = async (id: number) => send({ type: 'metrics', id, metrics: await metrics.getMetricsAsJSON() });
  process.on('message', (message) => {
    if (isLeave(message)) end();
    // Without an answer the primary leaves this worker out.
    else if (isMetricsQuestion(message)) tellMetrics(message.id).catch(() => {});
  });
  process.on('SIGTERM', end);
  // A terminal sends these to all processes of a group; here they are the primary's.
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
  let started = false;
  const tell = async () => {
    let readiness: Readiness = { ok: false, details: {} };
    try {
      readiness = await ready();
    } finally {
      started ||= readiness.ok;
      send({ type: 'report', ...readiness });
      setTimeout(report, started ? reportMs : startReportMs).unref();
    }
  };
  const report = () => void tell().catch(() => {});
  report();
}
