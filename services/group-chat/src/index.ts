export { type GroupChat, type GroupChatOptions, startGroupChat } from './app.js';
export { type GroupChatConfig, groupChatConfig } from './config.js';
export { groupChatEntities } from './entities.js';
export { groupChatMigrations } from './migrations/index.js';
