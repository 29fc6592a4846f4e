import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

await runMain(async () => {
  await setup();
  // In this very process: it reads its own arguments from the command line.
  await import('../bench/dist/main.js');
});
