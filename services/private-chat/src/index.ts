export { type PrivateChat, type PrivateChatOptions, startPrivateChat } from './app.js';
export { type PrivateChatConfig, privateChatConfig } from './config.js';
export { privateChatEntities } from './entities.js';
export { privateChatMigrations } from './migrations/index.js';
