import { Groups1795392000000 } from './1795392000000-groups.js';
import { Archive1795500000000 } from './1795500000000-archive.js';
import { MovedSecond1795510000000 } from './1795510000000-moved-second.js';
import { Audit1795600000000 } from './1795600000000-audit.js';

export const groupChatMigrations = [
  Groups1795392000000,
  Archive1795500000000,
  MovedSecond1795510000000,
  Audit1795600000000,
];
