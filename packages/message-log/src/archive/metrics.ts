import { Counter, Gauge, type Registry } from 'prom-client';

/** What the archive tells of itself. Gauges are the same on all instances: what the last round of any of them counted. */
export interface ArchiveMetrics {
  archived(count: number): void;
  evicted(count: number): void;
  counted(counts: { readonly hot: number; readonly unarchived: number; readonly alarms: number }): void;
}

export function archiveMetrics(registry: Registry | undefined): ArchiveMetrics {
  if (!registry) return { archived() {}, evicted() {}, counted() {} };
  const registers = [registry];
  const archived = new Counter({
    name: 'teahouse_archived_messages_total',
    help: 'Messages that this instance copied into the archive',
    registers,
  });
  const evicted = new Counter({
    name: 'teahouse_evicted_messages_total',
    help: 'Messages that this instance took out of the hot database',
    registers,
  });
  const hot = new Gauge({ name: 'teahouse_hot_messages', help: 'Messages in the hot database', registers });
  const lag = new Gauge({
    name: 'teahouse_archive_lag_messages',
    help: 'Messages that the archive does not hold yet',
    registers,
  });
  const alarms = new Gauge({
    name: 'teahouse_archive_alarms',
    help: 'Conversations whose archiving and eviction have stopped until an operator has looked',
    registers,
  });
  return {
    archived: (count) => archived.inc(count),
    evicted: (count) => evicted.inc(count),
    counted(counts) {
      hot.set(counts.hot);
      lag.set(counts.unarchived);
      alarms.set(counts.alarms);
    },
  };
}
