import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** An end that the user is told in one sentence, without a stack. */
export class Refusal extends Error {}

/**
 * Runs a command in the root folder with nothing on its standard input. Its output is kept and only shown where it fails.
 * @param {string} title what is going on, for the progress line
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string }} [options]
 * @returns {Promise<void>} rejects with a `Refusal` that holds the output when the command fails
 */
export async function step(title, command, args, options = {}) {
  const started = Date.now();
  process.stderr.write(`${title} …`);
  const { code, output } = await capture(command, args, options);
  process.stderr.write(` ${code === 0 ? '' : 'failed, '}${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  if (code !== 0) throw new Refusal(`${output.trimEnd()}\n${title}: failed.`);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string }} [options]
 * @returns {Promise<{ code: number, output: string }>} both streams as they came; code 127 where it cannot be started
 */
function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}

/**
 * Runs a script's main function, or prints how it is used where it was called with --help. A command line that cannot be
 * served (what parseArgs refuses, or a `UsageError`) becomes its sentence, the usage and exit code 2; a `Refusal` its sentence
 * and 1; everything unexpected its stack and 1.
 * @param {string} usage
 * @param {() => Promise<void>} main
 */
export async function runMain(usage, main) {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  try {
    await main();
  } catch (error) {
    const misused = error?.name === 'UsageError' || String(error?.code).startsWith('ERR_PARSE_ARGS');
    const sentence = misused || error instanceof Refusal ? error.message : (error?.stack ?? error);
    process.stderr.write(`${sentence}\n${misused ? `${usage}\n` : ''}`);
    process.exit(misused ? 2 : 1);
  }
}
