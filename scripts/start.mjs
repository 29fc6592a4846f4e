import { parseArgs } from 'node:util';
import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const usage = 'npm start    everything in one process, set by the environment: docs/protocol.md, section 1';

await runMain(usage, async () => {
  parseArgs();
  // Only what runs: tests and load generator are not compiled.
  await setup({ projects: ['packages/standalone', 'packages/client'] });
  // In this very process: signals and the exit code are the server's own.
  await import('../packages/standalone/dist/main.js');
});
