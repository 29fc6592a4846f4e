import { join } from 'node:path';
import { eventually, freePort, type RunningProcess, startProcess } from '@teahouse/test';

const READY_MS = 30_000;
const services = ['auth', 'group-chat', 'private-chat'] as const;

/** Starts one more instance of a service, beside those that run. */
export type StartMore = (name: 'group-chat') => Promise<RunningProcess>;

/** Which servers the services use; each has a database of its own, and `env` may give one an archive. */
export interface Backing {
  natsUrl: string;
  authDbUrl: string;
  groupDbUrl: string;
  privateDbUrl: string;
  gateways: number;
  env: NodeJS.ProcessEnv;
}

/** The four services as four processes, each with the environment of production but for the limits on clients. */
export async function startTeahouse(
  backing: Backing,
): Promise<{ url: string; urls: string[]; processes: Map<string, RunningProcess>; more: StartMore }> {
  const urls: string[] = [];
  const processes = new Map<string, RunningProcess>();
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    NATS_URL: backing.natsUrl,
    AUTH_DB_URL: backing.authDbUrl,
    GROUP_DB_URL: backing.groupDbUrl,
    PRIVATE_DB_URL: backing.privateDbUrl,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    SEED_DEMO: 'false',
    RATE_MESSAGES_PER_SECOND: '0',
    RATE_LOGINS_PER_MINUTE: '0',
    ...backing.env,
  };
  try {
    for (const name of services) processes.set(name, await startOne(name, env));
    for (let i = 0; i < backing.gateways; i += 1) {
      const port = await freePort();
      urls.push(`http://127.0.0.1:${port}`);
      processes.set(i === 0 ? 'gateway' : `gateway.${i}`, await startOne('gateway', { ...env, PORT: String(port) }));
    }
  } catch (error) {
    for (const running of processes.values()) await running.stop();
    throw error;
  }
  return { url: urls[0] as string, urls, processes, more: (name) => startOne(name, env) };
}

/** Resolves when it is ready; what did not become so is stopped. */
async function startOne(name: string, env: NodeJS.ProcessEnv): Promise<RunningProcess> {
  const healthPort = await freePort();
  const main = join(import.meta.dirname, '..', '..', 'services', name, 'dist', 'main.js');
  const running = await startProcess(process.execPath, [main], {
    env: { ...env, HEALTH_PORT: String(healthPort) },
    output: { line: (line) => process.stderr.write(`${name}: ${line}\n`) },
  });
  try {
    await isReady(name, running, healthPort);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

async function isReady(name: string, running: RunningProcess, healthPort: number): Promise<void> {
  let gone = false;
  void running.exited.then(() => {
    gone = true;
  });
  const answers = async () => gone || (await fetch(`http://127.0.0.1:${healthPort}/health/ready`)).ok;
  await eventually(answers, READY_MS, `${name} does not become ready`);
  if (gone) throw new Error(`${name} ended at once.`);
}
