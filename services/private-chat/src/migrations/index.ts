import { Conversations1795392000000 } from './1795392000000-conversations.js';

export const privateChatMigrations = [Conversations1795392000000];
