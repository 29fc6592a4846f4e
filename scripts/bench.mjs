import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

/** Each command's program in `bench/dist`. */
const programs = {
  'bench:connections': 'connections-main',
  'bench:history': 'history-main',
  'bench:scale': 'scale-main',
};

await runMain(async () => {
  await setup();
  // In this very process: it reads its own arguments from the command line.
  const { npm_lifecycle_event: script = 'bench' } = process.env;
  await import(`../bench/dist/${programs[script] ?? 'main'}.js`);
});
