import { relative, resolve } from 'node:path';
import { Refusal, root } from './run.mjs';
import { filesUnder } from './stamps.mjs';

const places = ['packages', 'services', 'test', 'bench'];
const testFile = /^((?:packages|services)\/[^/]+|test\/faults|test\/fuzz|test|bench)\/test\/(.*\.test)\.ts$/;

/**
 * Which tests to run. Compiled files are found through their sources, so that what an old build left is not run.
 * @param {string[]} names test files or folders, sources or compiled; none means all tests
 * @returns {{ files: string[], projects: string[] }} compiled test files and the TypeScript projects that make them
 */
export function selectTests(names) {
  const wanted = names.map((name) =>
    relative(root, resolve(name))
      .replace(/(^|\/)dist-test(?=\/|$)/, '$1test')
      .replace(/\.js$/, '.ts'),
  );
  const isWanted = (path) => names.length === 0 || wanted.some((want) => path === want || path.startsWith(`${want}/`));
  const chosen = filesUnder(places)
    .filter(isWanted)
    .map((path) => testFile.exec(path))
    .filter((match) => match !== null);
  if (chosen.length === 0) throw new Refusal(`There is no test file ${names.join(', ')}.`);
  return {
    files: chosen.map(([, project, name]) => `${project}/dist-test/${name}.js`),
    projects: [...new Set(chosen.map(([, project]) => `${project}/test`))],
  };
}
