import { archiveSettings, operate } from '@teahouse/message-log';
import { loadConfig } from '@teahouse/service-kit';
import { operateConfig } from './config.js';
import { privateChatMigrations } from './migrations/index.js';
import { logTables } from './tables.js';

await operate({
  name: 'private-chat',
  tables: logTables,
  migrations: privateChatMigrations,
  config() {
    const config = loadConfig(operateConfig);
    return { url: config.PRIVATE_DB_URL, settings: archiveSettings(config, 'PRIVATE_ARCHIVE_DB_URL') };
  },
});
