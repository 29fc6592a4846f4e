import { parseArgs } from 'node:util';
import { browserProgram, ensurePrograms, hanFonts, serverPrograms } from './lib/programs.mjs';
import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const usage = `npm run screenshots   takes the pictures of the page in docs/
npm run bench:page    how long a message takes from the key to the screen, and what 100,000 messages cost`;

await runMain(usage, async () => {
  parseArgs();
  // Whatever was started dies with us, see guard.ts of the test helpers.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  await setup({ projects: ['packages/web/test'] });
  const pictures = process.env.npm_lifecycle_event === 'screenshots';
  await ensurePrograms([...Object.values(serverPrograms), browserProgram, ...(pictures ? [hanFonts] : [])]);
  await import(`../packages/web/dist-test/${pictures ? 'screenshots' : 'bench'}-main.js`);
});
