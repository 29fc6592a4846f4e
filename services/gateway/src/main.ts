import { connectNats } from '@teahouse/bus';
import { loadConfig, runService } from '@teahouse/service-kit';
import { startGateway } from './app.js';
import { gatewayConfig } from './config.js';

await runService({
  name: 'gateway',
  config: () => loadConfig(gatewayConfig),
  async start({ config, log }) {
    const bus = await connectNats({ servers: config.NATS_URL, name: 'gateway', log });
    const gateway = await startGateway({ bus, config, log });
    log.info({ url: gateway.url }, 'serving');
    return {
      ready: () => gateway.ready(),
      async close() {
        await gateway.close();
        await bus.close();
      },
    };
  },
});
