import { join } from 'node:path';
import { temporaryDirectory } from '@teahouse/test';
import { archiveBehaviour } from './archive-behaviour.js';

archiveBehaviour('sqlite', async () => {
  const directory = temporaryDirectory('archive');
  return { hot: `sqlite:${join(directory, 'hot')}`, archive: `sqlite:${join(directory, 'archive')}` };
});
