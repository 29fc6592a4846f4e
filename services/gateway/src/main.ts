import cluster from 'node:cluster';
import { connectNats } from '@teahouse/bus';
import { loadConfig, runService, type ServiceOptions } from '@teahouse/service-kit';
import { startGateway } from './app.js';
import { type GatewayConfig, gatewayConfig } from './config.js';
import { startPrimary } from './workers/primary.js';
import { beWorker } from './workers/worker.js';

const name = 'gateway';
const config = () => loadConfig(gatewayConfig);

const serve: ServiceOptions<GatewayConfig>['start'] = async ({ config, log, metrics }) => {
  const bus = await connectNats({ servers: config.NATS_URL, name, log });
  const gateway = await startGateway({ bus, config, log, metrics });
  log.info({ url: gateway.url }, 'serving');
  return {
    ready: () => gateway.ready(),
    async close() {
      await gateway.close();
      await bus.close();
    },
  };
};

let roll = () => {};
const supervise: ServiceOptions<GatewayConfig>['start'] = async ({ config, log }) => {
  const primary = await startPrimary({ workers: config.GATEWAY_WORKERS, log });
  roll = () => primary.roll();
  return primary;
};

if (cluster.isWorker) {
  await runService({ name, config, start: serve, supervised: beWorker });
} else if (Number(process.env.GATEWAY_WORKERS) > 1) {
  await runService({ name, config, start: supervise, onHangup: () => roll() });
} else {
  await runService({ name, config, start: serve });
}
