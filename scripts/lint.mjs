import { lint } from './lib/lint.mjs';
import { Refusal, runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

await runMain(async () => {
  // The checks read types, so everything is compiled first.
  await setup({ page: false });
  const failures = await lint();
  if (failures > 0) throw new Refusal(`${failures} of the checks failed`);
});
