import { createMemoryHub } from '@teahouse/bus';
import { archiveSettings, openArchive } from '@teahouse/message-log';
import { openChat, tables } from './chat.js';

/* A process that archives and evicts without a pause, to be killed: `archiving-process.js HOT_URL ARCHIVE_URL`. */

const [hot = '', archiveUrl = ''] = process.argv.slice(2);
const settings = archiveSettings(
  { HOT_MAX_AGE_DAYS: 0, HOT_MAX_ROWS: 0, RETENTION_INTERVAL_MS: 1, ROOM_ARCHIVE_DB_URL: archiveUrl },
  'ROOM_ARCHIVE_DB_URL',
);
await openChat(hot, {
  archive: (database, log) =>
    openArchive({ database, tables, settings, bus: createMemoryHub().connect('test'), queue: 'room-archive', log }),
});
process.stdout.write('archiving\n');
setInterval(() => {}, 60_000);
