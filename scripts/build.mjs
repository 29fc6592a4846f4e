import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

await runMain(() => setup());
