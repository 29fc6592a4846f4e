import { type Exit, findProgram, type RunningProcess, startProcess, tailOf } from './processes.js';
import { eventually } from './wait.js';

/** A server that belongs to us alone: it may be killed, held and started again on its port and its data. */
export interface PrivateServer {
  readonly url: string;
  readonly port: number;
  /** `SIGKILL` to crash it, `SIGSTOP` and `SIGCONT` to hold it and let it go on. */
  kill(signal: NodeJS.Signals): void;
  /** SIGKILL, and waits until it is gone. */
  kill9(): Promise<Exit>;
  /** Starts it again (kills it first where it still runs) and waits until it answers. */
  restart(): Promise<void>;
  /** Stops it for good, orderly. */
  stop(): Promise<void>;
}

export interface ServerSpec {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly command: string;
  readonly args: readonly string[];
  /** Over this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Takes the server's output; its end is quoted when the start fails. */
  readonly logFile: string;
  /** Resolves to true, or simply resolves to false or rejects as long as the server does not answer. */
  readonly answers: () => Promise<boolean>;
}

const startTimeoutMs = 30_000;

/** The path of an installed program, or an error whose sentence says what to install. */
export function requireProgram(debianPackage: string, ...names: string[]): string {
  const path = findProgram(...names);
  if (!path) throw new Error(`${names.join(' or ')} is not installed; on Debian: apt-get install ${debianPackage}`);
  return path;
}

/** Starts the server and waits until it answers, at most 30 s. */
export async function startServer(spec: ServerSpec): Promise<PrivateServer> {
  let running = await launch(spec);
  return {
    url: spec.url,
    port: spec.port,
    kill: (signal) => running.kill(signal),
    kill9: () => running.stop('SIGKILL'),
    async restart() {
      await running.stop('SIGKILL');
      running = await launch(spec);
    },
    async stop() {
      await running.stop('SIGTERM', 10_000);
    },
  };
}

async function launch(spec: ServerSpec): Promise<RunningProcess> {
  const running = await startProcess(spec.command, spec.args, {
    output: { file: spec.logFile },
    env: { ...process.env, ...spec.env },
  });
  let gone: Exit | undefined;
  void running.exited.then((exit) => {
    gone = exit;
  });
  try {
    await eventually(
      async () => gone !== undefined || (await spec.answers()),
      startTimeoutMs,
      `${spec.name} does not answer`,
    );
    if (gone) throw new Error(`${spec.name} ended at once (${gone.signal ?? gone.code})`);
  } catch (error) {
    await running.stop('SIGKILL');
    throw new Error(`${(error as Error).message}\n${tailOf(spec.logFile)}`, { cause: error });
  }
  return running;
}
