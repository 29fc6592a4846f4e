import cluster from 'node:cluster';
import { loadConfig, runService, type ServiceOptions } from '@teahouse/service-kit';
import { type GatewayConfig, gatewayConfig } from './config.js';

const name = 'gateway';
const config = () => loadConfig(gatewayConfig);

/* What only some processes of a gateway need is loaded where it is needed: it is most of the time that a start takes. */

const serve: ServiceOptions<GatewayConfig>['start'] = async ({ config, log, metrics }) => {
  const [{ connectNats }, { startGateway }] = await Promise.all([import('@teahouse/bus'), import('./app.js')]);
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
  const { startPrimary } = await import('./workers/primary.js');
  const primary = await startPrimary({ workers: config.GATEWAY_WORKERS, log });
  roll = () => primary.roll();
  return primary;
};

if (cluster.isWorker) {
  const { beWorker } = await import('./workers/worker.js');
  await runService({ name, config, start: serve, supervised: beWorker });
} else if (Number(process.env.GATEWAY_WORKERS) > 1) {
  await runService({ name, config, start: supervise, onHangup: () => roll() });
} else {
  await runService({ name, config, start: serve });
}
