import { parseArgs } from 'node:util';
import { lint } from './lib/lint.mjs';
import { Refusal, runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const usage = 'npm run lint    format, arrows between packages, dead code, file length';

await runMain(usage, async () => {
  parseArgs();
  // The checks read types, so everything is compiled first.
  await setup({ page: false });
  const failures = await lint();
  if (failures > 0) throw new Refusal(`${failures} of the checks failed`);
});
