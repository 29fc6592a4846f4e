export { ConfigError, commonConfig, databaseUrl, type LogLevel, loadConfig, logLevels, port } from './config.js';
export { type Health, type HealthOptions, type Metrics, type Readiness, startHealth } from './health.js';
export { createLog, type Log } from './log.js';
export { createMetrics } from './metrics.js';
export { every, type Periodic, settledWithin } from './periodic.js';
export { type ProcessConfig, type Running, runService, type ServiceOptions, type Supervised } from './run.js';
