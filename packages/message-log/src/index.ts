export { archiveSettings, archiveUrl, retentionConfig } from './archive/config.js';
export { archiveMigration } from './archive/migration.js';
export { type ArchiveOptions, openArchive } from './archive/open.js';
export { pairs, wordsOf } from './dialect.js';
export { type LogMigration, logMigration } from './migration.js';
export { movedSecondMigration, secondOf } from './moved.js';
export { openLog } from './open.js';
export { operate } from './operate/operate.js';
export type * from './types.js';
