import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const usage = `npm run cuts [-- --cuts 5000] [--seed N]    cuts the client's connections that often while it talks`;

await runMain(usage, async () => {
  await setup({ projects: ['test/test'], page: false });
  // In this very process: it reads its own arguments from the command line.
  await import('../test/dist-test/cuts/cuts-main.js');
});
