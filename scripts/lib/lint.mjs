import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal, root, step } from './run.mjs';
import { filesUnder } from './stamps.mjs';

const longest = 300;
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** The folders of written TypeScript; a glob would walk through every node_modules for them. */
function sourceFolders() {
  const parts = ['packages', 'services'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => `${group}/${name}`),
  );
  return [...parts, 'test', 'test/faults', 'test/fuzz', 'bench']
    .flatMap((part) => [`${part}/src`, `${part}/test`])
    .filter((folder) => existsSync(join(root, folder)));
}

const checks = [
  () =>
    step('Format and lint', bin('biome'), [
      'check',
      '--error-on-warnings',
      '--diagnostic-level=warn',
      '--no-errors-on-unmatched',
      '.',
    ]),
  () => step('Arrows between packages', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', ...sourceFolders()]),
  () => step('Dead code and dependencies', bin('knip'), ['--no-progress', '--no-config-hints']),
  checkLengths,
];

/**
 * Runs all checks, and all of them even where one fails.
 * @returns {Promise<number>} how many failed
 */
export async function lint() {
  let failures = 0;
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      process.stderr.write(`${error.message}\n`);
      failures += 1;
    }
  }
  return failures;
}

/** A file holds one idea. A longer one says in its first lines, after `Length:`, why it is not two. */
function checkLengths() {
  const tooLong = filesUnder(['packages', 'services', 'test', 'bench', 'scripts'])
    .filter((path) => /(^scripts|\/src)\/.*\.(ts|mjs|vue)$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => text.split('\n').length - 1 > longest && !/Length: \S/.test(text.split('\n', 5).join('\n')))
    .map(({ path }) => path);
  if (tooLong.length > 0)
    throw new Refusal(`Over ${longest} lines, without a reason after "Length:": ${tooLong.join(', ')}`);
}
