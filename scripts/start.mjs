import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

await runMain(async () => {
  await setup();
  // In this very process: signals and the exit code are the server's own.
  await import('../packages/standalone/dist/main.js');
});
