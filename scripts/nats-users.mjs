import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const usage =
  'npm run nats-users    writes deploy/nats-users.conf, the users of NATS and their rights, from packages/contracts';

await runMain(usage, async () => {
  parseArgs();
  await setup({ projects: ['packages/bus'], page: false });
  const { natsUsers } = await import('../packages/bus/dist/index.js');
  writeFileSync(
    join(root, 'deploy', 'nats-users.conf'),
    `# Written by \`npm run nats-users\` from packages/contracts/src/rights.ts; do not edit.\n${natsUsers()}`,
  );
});
