import { Groups1795392000000 } from './1795392000000-groups.js';
import { Archive1795500000000 } from './1795500000000-archive.js';

export const groupChatMigrations = [Groups1795392000000, Archive1795500000000];
