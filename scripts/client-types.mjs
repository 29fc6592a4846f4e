import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const usage =
  'npm run client-types    writes packages/client/src/protocol.ts, the frames as plain types, from packages/contracts';

await runMain(usage, async () => {
  parseArgs();
  await setup({ projects: ['packages/client/test'], page: false });
  const { protocolTypes } = await import('../packages/client/dist-test/protocol-types.js');
  writeFileSync(join(root, 'packages', 'client', 'src', 'protocol.ts'), protocolTypes());
});
