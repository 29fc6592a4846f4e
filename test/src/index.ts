export { type Credentials, type Frame, RequestError, TestClient } from './client.js';
export { cutMigrations, type StartOnce } from './cut-migrations.js';
export { sharedMysqlUrl, type TestDatabase, testDatabase, withConnection } from './database.js';
export { untilHeld } from './held.js';
export { type Live, LiveMemory } from './live.js';
export { startMysql, testMysql } from './mysql.js';
export { type NatsServer, sharedNatsUrl, startNats, testNats } from './nats.js';
export { numberOption, oneOf, UsageError, wholeOption } from './options.js';
export { freePort } from './ports.js';
export {
  type Exit,
  findProgram,
  type RunningProcess,
  type StartOptions,
  startProcess,
  temporaryDirectory,
} from './processes.js';
export type { PrivateServer } from './server.js';
export type { ServiceProcess } from './service-process.js';
export { type ServiceName, type Stack, type StackOptions, serviceNames, startStack } from './stack.js';
export { eventually, within } from './wait.js';
