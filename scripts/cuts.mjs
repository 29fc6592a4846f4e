import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

await runMain(async () => {
  await setup({ projects: ['test/test'], page: false });
  // In this very process: it reads its own arguments from the command line.
  await import('../test/dist-test/cuts/cuts-main.js');
});
