import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './run.mjs';

/** Lives in node_modules, so that removing that forgets everything that was done with it. */
const stampFolder = join(root, 'node_modules', '.teahouse');
const made = new Set(['node_modules', 'dist', 'dist-test', '.git', '.tap']);

/**
 * Every file under the given files and folders (relative to the root), without what is made from them.
 * @param {string[]} places
 * @returns {string[]} paths relative to the root, sorted
 */
export function filesUnder(places) {
  const found = [];
  const visit = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat?.isFile()) found.push(path);
    if (!stat?.isDirectory()) return;
    for (const name of readdirSync(join(root, path))) {
      if (!made.has(name)) visit(join(path, name));
    }
  };
  for (const place of places) visit(place);
  return found.sort();
}

/**
 * A fingerprint of files by path, size and time of change; cheap, and blind only to a change that keeps all three.
 * @param {string[]} paths relative to the root
 */
export function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** A fingerprint of files by what is in them, the same on every machine. @param {string[]} paths */
export function contentHash(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\n`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

/**
 * Runs `work` unless it was done for the same `mark` before and its result is still there. A failure leaves no stamp, so
 * that it is tried again.
 * @param {string} name of the step
 * @param {string} mark what the result depends on, taken before the work
 * @param {() => Promise<void>} work
 * @param {string[]} [results] paths, relative to the root, of files that the work makes
 */
export async function once(name, mark, work, results = []) {
  const file = join(stampFolder, name);
  const done = existsSync(file) && readFileSync(file, 'utf8') === mark;
  if (done && results.every((path) => existsSync(join(root, path)))) return;
  rmSync(file, { force: true });
  await work();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, mark);
}
