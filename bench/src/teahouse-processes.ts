import { join } from 'node:path';
import { eventually, freePort, type RunningProcess, startProcess } from '@teahouse/test';

const READY_MS = 30_000;
const services = ['auth', 'group-chat', 'private-chat', 'gateway'] as const;

/** Which servers the services use; each has a database of its own, and `env` may give one an archive. */
export interface Backing {
  natsUrl: string;
  authDbUrl: string;
  groupDbUrl: string;
  privateDbUrl: string;
  env: NodeJS.ProcessEnv;
}

/** The four services as four processes, each with the environment of production but for the limits on clients. */
export async function startTeahouse(
  backing: Backing,
): Promise<{ url: string; processes: Map<string, RunningProcess> }> {
  const port = await freePort();
  const processes = new Map<string, RunningProcess>();
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    NATS_URL: backing.natsUrl,
    AUTH_DB_URL: backing.authDbUrl,
    GROUP_DB_URL: backing.groupDbUrl,
    PRIVATE_DB_URL: backing.privateDbUrl,
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'warn',
    SEED_DEMO: 'false',
    RATE_MESSAGES_PER_SECOND: '0',
    RATE_LOGINS_PER_MINUTE: '0',
    ...backing.env,
  };
  try {
    for (const name of services) {
      const healthPort = await freePort();
      const main = join(import.meta.dirname, '..', '..', 'services', name, 'dist', 'main.js');
      const running = await startProcess(process.execPath, [main], {
        env: { ...env, HEALTH_PORT: String(healthPort) },
        output: { line: (line) => process.stderr.write(`${name}: ${line}\n`) },
      });
      processes.set(name, running);
      await isReady(name, running, healthPort);
    }
  } catch (error) {
    for (const running of processes.values()) await running.stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, processes };
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
