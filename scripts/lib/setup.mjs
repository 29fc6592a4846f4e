import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Refusal, root, step } from './run.mjs';
import { contentHash, filesUnder, fingerprint, once } from './stamps.mjs';

const pnpm = 'pnpm@12.21.0';
/** Folders whose TypeScript is compiled. */
const compiled = ['packages', 'services', 'test', 'bench'];

/**
 * Brings a fresh clone to where everything runs: dependencies, compiled TypeScript, the page. What is done already for the
 * files as they are is not done again.
 * @param {{ projects?: string[], tests?: boolean, page?: boolean }} [options] `projects`: TypeScript projects to build
 *   (default: all); `tests`: prepare tap too; `page`: build the web page (default: true)
 */
export async function setup({ projects = ['.'], tests = false, page = true } = {}) {
  checkNode();
  await install();
  if (tests) await once('tap', contentHash(['pnpm-lock.yaml', '.taprc']), () => node('Preparing tap', 'tap', 'build'));
  await compile(projects);
  if (page) await buildPage();
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Refusal(`Teahouse needs Node 20.19 or newer; this is ${process.versions.node}.`);
  }
}

async function install() {
  const mark = contentHash(['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']);
  await once('installed', mark, () =>
    // CI=true: pnpm asks no questions where it has to replace a node_modules of another make.
    step('Installing', 'npx', ['--yes', pnpm, 'install', '--frozen-lockfile'], { env: { CI: 'true' } }),
  );
}

/** Runs the command line program of a package that is installed at the root. */
function node(title, packageName, ...args) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const program = typeof bin === 'string' ? bin : (bin[packageName] ?? bin.tsc);
  return step(title, process.execPath, [join(folder, program), ...args]);
}

async function compile(projects) {
  const sources = filesUnder([...compiled, 'tsconfig.json', 'tsconfig.base.json']).filter((path) =>
    /\.ts$|tsconfig\.json$|tsconfig\.base\.json$|package\.json$/.test(path),
  );
  const results = sources
    .filter((path) => /\/tsconfig\.json$/.test(path) && path !== 'packages/web/tsconfig.json')
    .map(dirname)
    .filter((project) => sources.some((path) => path.startsWith(`${project}/`) && path.endsWith('.ts')))
    .map(resultOf);
  const everything = projects.includes('.');
  await once(
    `compiled-${everything ? 'all' : projects.join('+').replaceAll('/', '_')}`,
    fingerprint(sources),
    () => node('Compiling', 'typescript7', '-b', ...projects),
    everything ? results : projects.map(resultOf),
  );
}

/** The file that every build of a TypeScript project leaves. */
function resultOf(project) {
  return join(project.endsWith('/test') ? join(project, '..', 'dist-test') : join(project, 'dist'), '.tsbuildinfo');
}

async function buildPage() {
  const folder = join(root, 'packages', 'web');
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (!scripts?.build) return;
  const own = ['src', 'public', 'index.html', 'vite.config.ts', 'tsconfig.json', 'package.json'];
  const sources = filesUnder([
    ...own.map((name) => `packages/web/${name}`),
    'packages/client/src',
    'packages/contracts/src',
    'tsconfig.base.json',
  ]);
  const build = () => step('Building the page', 'npm', ['run', 'build'], { cwd: folder });
  await once('page', fingerprint(sources), build, ['packages/web/dist/index.html']);
}
