import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

// npm run nats-users    writes deploy/nats-users.conf, the users of NATS and their rights, from packages/contracts

await runMain(async () => {
  await setup({ projects: ['packages/bus'], page: false });
  const { natsUsers } = await import('../packages/bus/dist/index.js');
  writeFileSync(
    join(root, 'deploy', 'nats-users.conf'),
    `# Written by \`npm run nats-users\` from packages/contracts/src/rights.ts; do not edit.\n${natsUsers()}`,
  );
});
