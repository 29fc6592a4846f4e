export { type Gateway, type GatewayOptions, startGateway } from './app.js';
export { type GatewayConfig, type GatewaySettings, gatewayConfig } from './config.js';
