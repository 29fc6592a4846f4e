import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { freePort } from './ports.js';
import { findProgram, temporaryDirectory } from './processes.js';
import { type PrivateServer, requireProgram, startServer } from './server.js';

const run = promisify(execFile);

export interface MysqlOptions {
  /** Password of root@127.0.0.1, letters and digits; a random one where it is missing. */
  readonly rootPassword?: string;
}

/**
 * Starts the MariaDB or MySQL whose program `MYSQLD` names, else whichever is installed, on a free port of 127.0.0.1. Its
 * tables live in `directory` and survive a restart. A commit is on disk when it is acknowledged, as in production. `url` is
 * root's, without a database.
 */
export async function startMysql(directory: string, options: MysqlOptions = {}): Promise<PrivateServer> {
  const command = process.env.MYSQLD || requireProgram('mariadb-server', 'mariadbd', 'mysqld');
  const rootPassword = options.rootPassword ?? randomBytes(16).toString('hex');
  mkdirSync(directory, { recursive: true });
  const data = join(directory, 'data');
  if (!existsSync(join(data, 'created'))) await createData(command, data);
  const port = await freePort();
  const url = `mysql://root:${rootPassword}@127.0.0.1:${port}/`;
  const initFile = join(directory, 'init.sql');
  writeFileSync(initFile, rootStatements(rootPassword), { mode: 0o600 });
  return await startServer({
    name: 'The database server',
    url,
    port,
    command,
    args: [
      '--no-defaults',
      ...asRoot(),
      `--datadir=${data}`,
      `--tmpdir=${directory}`,
      `--socket=${join(directory, 'socket')}`,
      `--pid-file=${join(directory, 'pid')}`,
      `--secure-file-priv=${directory}`,
      `--init-file=${initFile}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--character-set-server=utf8mb4',
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-buffer-pool-size=256M',
      '--max-connections=500',
      '--performance-schema=OFF',
    ],
    logFile: join(directory, 'server.log'),
    answers: async () => {
      const connection = await createConnection({ uri: url, connectTimeout: 1_000 });
      await connection.end();
      return true;
    },
  });
}

/** Both servers refuse to run as root unless they are told to. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

function rootStatements(password: string): string {
  const root = `'root'@'127.0.0.1'`;
  return [
    `CREATE USER IF NOT EXISTS ${root} IDENTIFIED BY '${password}';`,
    `ALTER USER ${root} IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO ${root} WITH GRANT OPTION;`,
    '',
  ].join('\n');
}

/**
 * Lays out the system tables. Temporary files go to where the data is: two servers, each the first process of its container,
 * give them the same names in a shared /tmp. A directory that was left half made, as by a Ctrl-C, is made again from
 * nothing.
 */
async function createData(server: string, data: string): Promise<void> {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const { stdout: version } = await run(server, ['--no-defaults', '--version'], { timeout: 10_000 });
  if (version.includes('MariaDB')) {
    const install = findProgram('mariadb-install-db', 'mysql_install_db');
    if (!install) throw new Error('mariadb-install-db is not installed; on Debian: apt-get install mariadb-server');
    await run(
      install,
      ['--no-defaults', ...asRoot(), `--datadir=${data}`, '--skip-test-db', '--auth-root-authentication-method=normal'],
      { timeout: 60_000, env: { ...process.env, TMPDIR: dirname(data) } },
    );
  } else {
    await run(server, ['--no-defaults', ...asRoot(), `--datadir=${data}`, '--initialize-insecure'], {
      timeout: 60_000,
    });
  }
  writeFileSync(join(data, 'created'), '');
}

/** A private database server for a test that kills or holds it. Its data is removed when the test process ends. */
export async function testMysql(): Promise<PrivateServer> {
  return await startMysql(temporaryDirectory('mysql'));
}
