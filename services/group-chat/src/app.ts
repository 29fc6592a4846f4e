import type { Bus } from '@teahouse/bus';
import { queues } from '@teahouse/contracts';
import { archiveSettings, openArchive, openLog } from '@teahouse/message-log';
import type { Log, ProcessConfig } from '@teahouse/service-kit';
import type { Database } from '@teahouse/service-kit/database';
import type { Registry } from 'prom-client';
import type { GroupChatConfig } from './config.js';
import { serveAll } from './endpoints.js';
import { Memberships } from './memberships.js';
import { People } from './people.js';
import { publishRun } from './publish.js';
import { sendRules } from './sending.js';
import type { Service } from './service.js';
import { startSweep } from './sweep.js';
import { logTables } from './tables.js';
import { Turns } from './turns.js';

export interface GroupChatOptions {
  readonly bus: Bus;
  /** Opened with `groupChatEntities` and migrated with `groupChatMigrations`. */
  readonly database: Database;
  readonly config: Omit<GroupChatConfig, keyof ProcessConfig | 'NATS_URL' | 'GROUP_DB_URL'>;
  readonly metrics?: Registry;
  readonly log: Log;
}

export interface GroupChat {
  /** Whether bus and database were there lately. */
  ready(): { ok: boolean; details: Record<string, unknown> };
  /** Answers what is at work and stores what was taken, 10 s at most; then ends archiving between two steps. Bus and database stay open: they are the caller's. */
  close(): Promise<void>;
}

/** Serves groups, their members and their messages; resolves when the bus knows of it. */
export async function startGroupChat(options: GroupChatOptions): Promise<GroupChat> {
  const { bus, database, config, metrics, log } = options;
  const archive = await openArchive({
    database,
    tables: logTables,
    settings: archiveSettings(config, 'GROUP_ARCHIVE_DB_URL'),
    bus,
    queue: queues.groupArchive,
    metrics,
    log,
  });
  const messages = openLog({
    database,
    tables: logTables,
    rules: sendRules(database.dialect),
    onStored: (batches) => {
      for (const { conversationId, messages, connectionIds, quiet } of batches)
        if (!quiet) publishRun(bus, conversationId, messages, connectionIds);
    },
    log,
    archive,
  });
  const memberships = new Memberships({ bus, database, log });
  const service: Service = {
    bus,
    database,
    log,
    messages,
    memberships,
    people: new People(bus),
    turns: new Turns(),
    maxGroupsPerUser: config.MAX_GROUPS_PER_USER,
  };
  const served = serveAll(service);
  await bus.flush();
  const sweep = startSweep(service);
  return {
    ready: () => ({ ok: bus.connected && sweep.healthy, details: { bus: bus.connected, sweep: sweep.healthy } }),
    async close() {
      await Promise.all(served.map((subscription) => subscription.drain()));
      await Promise.all([messages.close(), sweep.stop()]);
      memberships.close();
      await archive?.close();
    },
  };
}
