import { testDatabase } from '@teahouse/test';
import { archiveBehaviour } from './archive-behaviour.js';

archiveBehaviour('mariadb', async () => ({
  hot: (await testDatabase('hot')).url,
  archive: (await testDatabase('archive')).url,
}));
