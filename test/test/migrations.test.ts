import { authMigrations } from '@teahouse/auth';
import { groupChatMigrations } from '@teahouse/group-chat';
import { privateChatMigrations } from '@teahouse/private-chat';
import { createLog } from '@teahouse/service-kit';
import { openDatabase } from '@teahouse/service-kit/database';
import { cutMigrations, type StartOnce } from '@teahouse/test';
import t from 'tap';

t.setTimeout(240_000);
const log = createLog({ name: 'test', level: 'silent' });
const start: StartOnce = async (url, migrations) => {
  const database = await openDatabase({ url, entities: [], migrations, name: 'test', log });
  await database.close();
};

for (const [name, migrations] of Object.entries({
  auth: authMigrations,
  group: groupChatMigrations,
  private: privateChatMigrations,
})) {
  t.test(`${name}: a start that is cut off while it migrates is made good by the next one`, async (t) => {
    const { whole, pieced, cuts } = await cutMigrations(name, migrations, start);
    t.ok(cuts >= 10, `cut off ${cuts} times`);
    t.strictSame(pieced, whole);
  });
}
