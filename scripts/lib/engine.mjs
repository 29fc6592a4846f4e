import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Refusal, root } from './run.mjs';

const run = promisify(execFile);
const [compose, ...composeArgs] = (process.env.COMPOSE || 'docker compose').split(' ');
const [engine, ...engineArgs] = (process.env.ENGINE || 'docker').split(' ');

/** Building may have to download everything. */
const longestMs = 30 * 60_000;

/**
 * The composed system under a name of its own, so that it and its volumes are nobody else's.
 * @param {{ project: string, envFile: string, files?: string[], env?: Record<string, string> }} options `env` goes over what
 *   the file says
 */
export function composed({ project, envFile, files = ['docker-compose.yml'], env = {} }) {
  // In the environment the variables go before a `.env` that is there already, whatever implements compose.
  const fromFile = Object.fromEntries(
    readFileSync(envFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const environment = { ...process.env, ...fromFile, ...env };
  const first = [...composeArgs, '-p', project, ...files.flatMap((file) => ['-f', file])];
  const containers = async (service) => {
    const labels = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`];
    const found = await inEngine('ps', '-aq', ...labels.flatMap((label) => ['--filter', `label=${label}`]));
    const ids = found.split('\n').filter(Boolean);
    if (ids.length === 0) throw new Refusal(`There is no container of ${service}.`);
    return ids;
  };
  return {
    compose: (...args) => command(compose, [...first, ...args], environment),
    containers,
    kill: (container) => inEngine('kill', '--signal', 'KILL', container),
    /** SIGTERM, and SIGKILL after 15 s. Resolves with the milliseconds that it took. */
    async stop(container) {
      const started = Date.now();
      await inEngine('stop', '--time', '15', container);
      return Date.now() - started;
    },
    start: (container) => inEngine('start', container),
    exitCode: async (container) => Number(await inEngine('inspect', '--format', '{{.State.ExitCode}}', container)),
    /** What all containers of a service said, on either stream. */
    async logs(service) {
      const texts = [];
      for (const container of await containers(service)) {
        const { stdout, stderr } = await output(engine, [...engineArgs, 'logs', container], process.env);
        texts.push(stdout, stderr);
      }
      return texts.join('\n');
    },
  };
}

/** Runs the engine's own command; resolves with its output. */
export function inEngine(...args) {
  return command(engine, [...engineArgs, ...args], process.env);
}

async function command(program, args, env) {
  return (await output(program, args, env)).stdout.trim();
}

async function output(program, args, env) {
  try {
    return await run(program, args, { cwd: root, env, timeout: longestMs, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    throw new Refusal(`${program} ${args.join(' ')}: ${error.message}\n${error.stderr ?? ''}`);
  }
}
