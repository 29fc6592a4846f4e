import type { Bus } from '@teahouse/bus';
import { queues } from '@teahouse/contracts';
import { archiveSettings, openArchive, openLog, type StoredBatch } from '@teahouse/message-log';
import type { Log, ProcessConfig } from '@teahouse/service-kit';
import type { Database } from '@teahouse/service-kit/database';
import type { Registry } from 'prom-client';
import type { PrivateChatConfig } from './config.js';
import { serveAll } from './endpoints.js';
import { Openings } from './openings.js';
import type { Pair } from './pair.js';
import { People } from './people.js';
import { publishRun } from './publish.js';
import { sendRules } from './sending.js';
import type { Service } from './service.js';
import { Store } from './store.js';
import { startSweep } from './sweep.js';
import { logTables } from './tables.js';

export interface PrivateChatOptions {
  readonly bus: Bus;
  /** Opened with `privateChatEntities` and migrated with `privateChatMigrations`. */
  readonly database: Database;
  readonly config: Omit<PrivateChatConfig, keyof ProcessConfig | 'NATS_URL' | 'PRIVATE_DB_URL'>;
  readonly metrics?: Registry;
  readonly log: Log;
}

export interface PrivateChat {
  /** Whether bus and database were there lately. */
  ready(): { ok: boolean; details: Record<string, unknown> };
  /** Answers what is at work and stores what was taken, 10 s at most; then ends archiving between two steps. Bus and database stay open: they are the caller's. */
  close(): Promise<void>;
}

/** Serves conversations between two people; resolves when the bus knows of it. */
export async function startPrivateChat(options: PrivateChatOptions): Promise<PrivateChat> {
  const { bus, database, config, metrics, log } = options;
  const archive = await openArchive({
    database,
    tables: logTables,
    settings: archiveSettings(config, 'PRIVATE_ARCHIVE_DB_URL'),
    bus,
    queue: queues.privateArchive,
    metrics,
    log,
  });
  const store = new Store(database);
  const people = new People(bus);
  const openings = new Openings(store, people, log);
  const onStored = (batches: readonly StoredBatch[]) => {
    for (const { conversationId, messages, connectionIds, quiet, conversation } of batches) {
      const pair: Pair = [Number(conversation.userLow), Number(conversation.userHigh)];
      openings.remember(pair, conversationId);
      if (!quiet) publishRun(bus, pair, messages, connectionIds);
    }
  };
  const messages = openLog({ database, tables: logTables, rules: sendRules, onStored, log, archive });
  const service: Service = { bus, database, log, messages, store, people, openings };
  const served = serveAll(service);
  await bus.flush();
  const sweep = startSweep(service);
  return {
    ready: () => ({ ok: bus.connected && sweep.healthy, details: { bus: bus.connected, sweep: sweep.healthy } }),
    async close() {
      await Promise.all(served.map((subscription) => subscription.drain()));
      await Promise.all([messages.close(), sweep.stop()]);
      await archive?.close();
    },
  };
}
