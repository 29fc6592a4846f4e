export {
  type CallDefinition,
  type CallOptions,
  call,
  serveCall,
  type Verb,
} from './calls.js';
export { BusFailure, type FailureReason } from './failure.js';
export { createMemoryHub, type MemoryHub } from './memory/connect.js';
export { connectNats, type NatsOptions } from './nats/connect.js';
export { natsPasswordVariable, natsPermissions, natsUsers } from './nats/rights.js';
export * from './port.js';
export { firstWrong } from './wrong.js';
