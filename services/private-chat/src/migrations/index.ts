import { Conversations1795392000000 } from './1795392000000-conversations.js';
import { Archive1795500000000 } from './1795500000000-archive.js';
import { MovedSecond1795510000000 } from './1795510000000-moved-second.js';
import { Blocks1795520000000 } from './1795520000000-blocks.js';

export const privateChatMigrations = [
  Conversations1795392000000,
  Archive1795500000000,
  MovedSecond1795510000000,
  Blocks1795520000000,
];
