import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

// npm run build                       everything
// npm run build -- services/auth …    these projects, what they need, and the page

const projects = process.argv.slice(2);
await runMain(() => setup(projects.length > 0 ? { projects } : {}));
