import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './ports.js';
import { temporaryDirectory } from './processes.js';
import { type PrivateServer, requireProgram, startServer } from './server.js';

const deployed = join(import.meta.dirname, '..', '..', 'deploy', 'nats.conf');
/** As in `deploy/nats.conf`, for a server on which everybody may do everything. */
const unconfined = 'ping_interval: "2s"\nping_max: 2\n';

export interface NatsServer extends PrivateServer {
  /** `http://127.0.0.1:port`, where it tells how it is doing. */
  readonly monitorUrl: string;
}

/**
 * Starts a nats-server with JetStream on a free port of 127.0.0.1; its streams live in `directory` and survive a restart.
 * @param passwords variables that `deploy/nats.conf` takes the users' passwords from: only those users come in, each with
 *   its own rights. Without them everybody may do everything.
 */
export async function startNats(directory: string, passwords?: NodeJS.ProcessEnv): Promise<NatsServer> {
  const command = requireProgram('nats-server', 'nats-server');
  mkdirSync(directory, { recursive: true });
  const [port, monitorPort] = await Promise.all([freePort(), freePort()]);
  const config = passwords ? deployed : join(directory, 'nats.conf');
  if (!passwords) writeFileSync(config, unconfined);
  const server = await startServer({
    name: 'nats-server',
    url: `nats://127.0.0.1:${port}`,
    port,
    command,
    args: [
      ...['--config', config, '--addr', '127.0.0.1', '--port', String(port), '--http_port', String(monitorPort)],
      ...['--jetstream', '--store_dir', directory],
    ],
    ...(passwords ? { env: passwords } : {}),
    logFile: join(directory, 'nats-server.log'),
    answers: () => greets(port),
  });
  return { ...server, monitorUrl: `http://127.0.0.1:${monitorPort}` };
}

/** A NATS server speaks first: `INFO {…}`. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('data', (data) => settle(data.toString('latin1').startsWith('INFO ')));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}

/** A private NATS server for a test that kills or restarts it. Its data is removed when the test process ends. */
export async function testNats(): Promise<PrivateServer> {
  return await startNats(temporaryDirectory('nats'));
}

let own: Promise<PrivateServer> | undefined;

/**
 * The NATS server that all test files share, `NATS_URL`; where a file is run by itself, one that ends with this process.
 * Others work on it at the same time: use names of your own for subjects, streams and buckets.
 */
export async function sharedNatsUrl(): Promise<string> {
  const given = process.env.NATS_URL;
  if (given) return given;
  own ??= testNats();
  return (await own).url;
}
