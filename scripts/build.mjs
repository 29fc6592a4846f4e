import { parseArgs } from 'node:util';
import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const usage = `npm run build                       everything
npm run build -- services/auth …    these projects, what they need, and the page`;

await runMain(usage, () => {
  const { positionals: projects } = parseArgs({ allowPositionals: true });
  return setup(projects.length > 0 ? { projects } : {});
});
