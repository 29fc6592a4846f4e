import { connectNats } from '@teahouse/bus';
import { loadConfig, runService } from '@teahouse/service-kit';
import { openDatabase } from '@teahouse/service-kit/database';
import { startAuth } from './app.js';
import { authServiceConfig } from './config.js';
import { authEntities } from './entities.js';
import { authMigrations } from './migrations/index.js';

await runService({
  name: 'auth',
  config: () => loadConfig(authServiceConfig),
  async start({ config, log }) {
    const database = await openDatabase({
      url: config.AUTH_DB_URL,
      entities: authEntities,
      migrations: authMigrations,
      name: 'auth',
      log,
    });
    const bus = await connectNats({ servers: config.NATS_URL, name: 'auth', log });
    const auth = await startAuth({ bus, database, config, log });
    return {
      async ready() {
        const { ok, details } = auth.ready();
        const reachable = await database.reachable();
        return { ok: ok && reachable, details: { ...details, database: reachable } };
      },
      async close() {
        await auth.close();
        await bus.close();
        await database.close();
      },
    };
  },
});
