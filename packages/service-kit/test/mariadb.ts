import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { untilHeld } from '@teahouse/test';
import mysql from 'mysql2/promise';

export interface Mariadb {
  readonly port: number;
  /** Sends the server a signal: SIGSTOP, SIGCONT. */
  signal(name: NodeJS.Signals): void;
  /** Kills the server (SIGKILL) and resolves when it is gone; its disk survives. */
  kill(): Promise<void>;
  /** Starts the server again and resolves when it is ready. */
  start(): Promise<void>;
  /** The address of a new, empty database. */
  createDatabase(): Promise<string>;
  /** Runs one statement as root on a connection of its own. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** A private MariaDB in a temporary folder, on a free port of the loopback address. */
export async function startMariadb(): Promise<Mariadb> {
  const folder = await mkdtemp(join(tmpdir(), 'teahouse-mariadb-'));
  const data = `--datadir=${join(folder, 'data')}`;
  await promisify(execFile)('mariadb-install-db', [
    '--no-defaults',
    '--user=root',
    '--auth-root-authentication-method=normal',
    data,
  ]);
  const port = await freePort();
  const settings = [
    '--no-defaults',
    '--user=root',
    data,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 'socket')}`,
  ];
  let child = await startServer(settings);
  const query = async (sql: string) => {
    const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'root' });
    try {
      const [rows] = await connection.query(sql);
      return rows as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  };
  let databases = 0;
  return {
    port,
    signal: (name) => {
      child.kill(name);
      if (name === 'SIGSTOP' && child.pid !== undefined) untilHeld(child.pid);
    },
    kill: () => killServer(child),
    start: async () => {
      child = await startServer(settings);
    },
    query,
    async createDatabase() {
      const name = `test${++databases}`;
      await query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
      return `mysql://root@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      await killServer(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(settings: string[]): Promise<ChildProcess> {
  const child = spawn('mariadbd', settings, { stdio: ['ignore', 'ignore', 'pipe'] });
  // No server outlives its test, however that ends.
  const reap = () => child.kill('SIGKILL');
  process.once('exit', reap);
  child.once('exit', () => process.removeListener('exit', reap));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
      if (said.includes('ready for connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`mariadbd ended: ${said}`)));
  });
  return child;
}

async function killServer(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGKILL');
  await ended;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
