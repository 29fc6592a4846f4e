export { type Auth, type AuthDependencies, startAuth } from './app.js';
export { type AuthConfig, authConfig, authServiceConfig } from './config.js';
export { authEntities } from './entities.js';
export { authMigrations } from './migrations/index.js';
