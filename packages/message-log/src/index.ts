export { pairs, wordsOf } from './dialect.js';
export { type LogMigration, logMigration } from './migration.js';
export { openLog } from './open.js';
export type * from './types.js';
