import { ensurePrograms, serverPrograms } from './lib/programs.mjs';
import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const usage = `npm run fuzz [-- --count 200000] [--seed N] [--servers 5]    feeds generated and mutated input to everything that takes
                 input, and tells what breaks; servers: the share in percent on NATS and MariaDB`;

await runMain(usage, async () => {
  // Whatever was started dies with us, see guard.ts of the test helpers.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  await setup({ projects: ['test/fuzz'], page: false });
  await ensurePrograms(Object.values(serverPrograms));
  // In this very process: it reads its own arguments from the command line.
  await import('../test/fuzz/dist/main.js');
});
