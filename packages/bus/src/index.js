export { call, serveCall } from './calls.js';
export { BusFailure } from './failure.js';
export { createMemoryHub } from './memory/hub.js';
export { connectNats } from './nats/connect.js';
export * from './port.js';
//# sourceMappingURL=index.js.map
