import { privateChatEntities, privateChatMigrations } from '@teahouse/private-chat';
import { createLog } from '@teahouse/service-kit';
import { openDatabase, type Row } from '@teahouse/service-kit/database';
import { temporaryDirectory, testDatabase } from '@teahouse/test';
import t from 'tap';

const log = createLog({ name: 'private', level: 'fatal' });
const urls = {
  SQLite: async () => `sqlite:${temporaryDirectory('private')}/hot.db`,
  MariaDB: async () => (await testDatabase('private')).url,
};

for (const [name, makeUrl] of Object.entries(urls)) {
  t.test(`${name}: blocks of before are counted in the conversations' rows`, async (t) => {
    const url = await makeUrl();
    const open = async (migrations: typeof privateChatMigrations) => {
      const database = await openDatabase({ url, entities: privateChatEntities, migrations, name: 'private', log });
      return { database, sql: (text: string) => database.read((manager) => manager.query<Row[]>(text)) };
    };
    const before = await open(privateChatMigrations.filter(({ name }) => !name.startsWith('Blocks')));
    await before.sql('INSERT INTO private_conversation (userLow, userHigh) VALUES (1, 2), (1, 3), (2, 3), (3, 4)');
    await before.sql('INSERT INTO private_block (userId, blockedId) VALUES (1, 2), (2, 1), (3, 1), (2, 3), (1, 9)');
    await before.database.close();
    const { database, sql } = await open(privateChatMigrations);
    t.teardown(() => database.close());
    t.strictSame(
      (await sql('SELECT blocks FROM private_conversation ORDER BY id')).map(({ blocks }) => Number(blocks)),
      [2, 1, 1, 0],
    );
  });
}
