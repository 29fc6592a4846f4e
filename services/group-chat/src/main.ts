import { connectNats } from '@teahouse/bus';
import { loadConfig, runService } from '@teahouse/service-kit';
import { openDatabase } from '@teahouse/service-kit/database';
import { startGroupChat } from './app.js';
import { groupChatConfig } from './config.js';
import { groupChatEntities } from './entities.js';
import { groupChatMigrations } from './migrations/index.js';

const name = 'group-chat';

await runService({
  name,
  config: () => loadConfig(groupChatConfig),
  start: async ({ config, log, metrics }) => {
    const bus = await connectNats({ servers: config.NATS_URL, name, log });
    const database = await openDatabase({
      url: config.GROUP_DB_URL,
      entities: groupChatEntities,
      migrations: groupChatMigrations,
      name: 'group',
      log,
    });
    const app = await startGroupChat({ bus, database, config, metrics, log });
    return {
      ready: () => app.ready(),
      close: async () => {
        await app.close();
        await bus.close();
        await database.close();
      },
    };
  },
});
