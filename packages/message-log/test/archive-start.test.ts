import { createLog } from '@teahouse/service-kit';
import { eventually, testDatabase, within } from '@teahouse/test';
import t from 'tap';
import { connectRemote } from '../dist/archive/remote.js';
import { tables } from './chat.js';
import { startProxy } from './proxy.js';

const log = createLog({ name: 'test', level: 'silent' });

t.test('an archive that stands still once it has answered delays the start for seconds only', async (t) => {
  const database = await testDatabase('archive');
  const proxy = await startProxy(database.url);
  t.teardown(async () => {
    await proxy.close();
    await database.drop();
  });
  const goOn = proxy.holdNext('GET_LOCK');
  const connecting = connectRemote({ url: proxy.url, variable: 'ROOM_ARCHIVE_DB_URL', tables, log });
  const remote = await within(connecting, 8000, 'the start hangs');
  t.teardown(() => remote.close());
  const look = () => remote.read((manager) => manager.query('SELECT writes FROM room_message_archive_fence'));
  await t.rejects(look(), { code: 'UNAVAILABLE' });
  goOn();
  t.same(await eventually(look, 5000, 'the archive is not opened'), [{ writes: 0 }]);
});
