import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

await runMain(async () => {
  await setup();
  // In this very process: it reads its own arguments from the command line.
  await import(
    process.env.npm_lifecycle_event === 'bench:connections'
      ? '../bench/dist/connections-main.js'
      : '../bench/dist/main.js'
  );
});
