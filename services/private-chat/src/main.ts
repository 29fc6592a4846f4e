import { connectNats } from '@teahouse/bus';
import { loadConfig, runService } from '@teahouse/service-kit';
import { openDatabase } from '@teahouse/service-kit/database';
import { startPrivateChat } from './app.js';
import { privateChatConfig } from './config.js';
import { privateChatEntities } from './entities.js';
import { privateChatMigrations } from './migrations/index.js';

const name = 'private-chat';

await runService({
  name,
  config: () => loadConfig(privateChatConfig),
  start: async ({ config, log, metrics }) => {
    const bus = await connectNats({ servers: config.NATS_URL, name, log });
    const database = await openDatabase({
      url: config.PRIVATE_DB_URL,
      entities: privateChatEntities,
      migrations: privateChatMigrations,
      name: 'private',
      log,
    });
    const app = await startPrivateChat({ bus, database, config, metrics, log });
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
