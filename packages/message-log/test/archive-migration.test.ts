import { createLog } from '@teahouse/service-kit';
import { openDatabase } from '@teahouse/service-kit/database';
import { cutMigrations } from '@teahouse/test';
import t from 'tap';
import { archiveDatabaseMigrations } from '../dist/archive/migration.js';

const log = createLog({ name: 'test', level: 'silent' });
const tables = { conversation: 'talk', message: 'talk_message', key: 'talkId', sent: 'talk_sent' };

t.test('an archive whose first start was cut off is made by the next one', async (t) => {
  const migrations = archiveDatabaseMigrations(tables) as unknown as Parameters<typeof cutMigrations>[1];
  const { whole, pieced, cuts } = await cutMigrations('archive', migrations, async (url, migrations) => {
    const database = await openDatabase({ url, entities: [], migrations, name: 'archive', log });
    await database.close();
  });
  t.equal(cuts, 3);
  t.match(Object.values(whole).at(-1), { rows: [{ id: 1, writes: 0 }] });
  t.strictSame(pieced, whole);
});
