import { Groups1795392000000 } from './1795392000000-groups.js';

export const groupChatMigrations = [Groups1795392000000];
