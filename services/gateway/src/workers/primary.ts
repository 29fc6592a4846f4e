import type { Log, Running } from '@teahouse/service-kit';
import { WorkersMetrics } from './metrics.js';
import { Pool } from './pool.js';

/** A gateway of several workers, which share its port. The primary has no sockets and no bus: it only looks after them. */
export async function startPrimary(options: { workers: number; log: Log }): Promise<Running & { roll(): void }> {
  const pool = new Pool({ size: options.workers, log: options.log });
  const metrics = new WorkersMetrics(() => pool.workers);
  await pool.start();
  return {
    ready: () => pool.ready(),
    metrics: () => metrics.text(),
    roll: () => pool.roll(),
    close: () => pool.close(),
  };
}
