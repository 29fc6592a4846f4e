import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, findProgram, freePort, type RunningProcess, startProcess, withConnection } from '@teahouse/test';

const READY_MS = 30_000;
/** As Debian's start script has it; and idle schedulers do not spin, which would take the shared cores from the others. */
const MACHINE = ['+K', 'true', '+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'];
/** Where Debian's package has the schema. */
const SCHEMA = '/usr/share/ejabberd/sql/mysql.sql';

/**
 * All limits off, and no module but those for rooms, archive and acks. Nobody is told who enters or leaves a room, so that a
 * thousand can enter one; rooms are kept without anybody in them, as they take their archive with them.
 */
function configuration(port: number, database: URL): string {
  return `hosts: [localhost]
loglevel: warning
listen:
  - port: ${port}
    ip: 127.0.0.1
    module: ejabberd_http
    request_handlers:
      /ws: ejabberd_http_ws
default_db: sql
auth_method: sql
auth_password_format: plain
sql_type: mysql
sql_server: ${database.hostname}
sql_port: ${database.port}
sql_database: ${database.pathname.slice(1)}
sql_username: ${database.username}
sql_password: ${database.password}
shaper_rules:
  c2s_shaper: none
modules:
  mod_mam:
    assume_mam_usage: true
    default: always
  mod_stream_mgmt: {}
  mod_muc:
    history_size: 0
    max_users: 5000
    min_message_interval: 0
    default_room_options:
      mam: true
      persistent: true
      max_users: 5000
      presence_broadcast: []
`;
}

/** Where the libraries of the installed package are, as its start script has it. */
async function librariesOf(script: string): Promise<string> {
  const libraries = /^ERL_LIBS='(.+)'$/m.exec(await readFile(script, 'utf8'))?.[1];
  if (libraries === undefined) throw new Error(`${script} does not tell where ejabberd is.`);
  return libraries;
}

/**
 * Starts ejabberd on a free port with its stock schema in the empty database at `databaseUrl`, and its files in `directory`.
 * It runs as whoever calls, alone: without a node name it needs no port mapper and no cookie.
 */
export async function startEjabberd(
  databaseUrl: string,
  directory: string,
): Promise<{ url: string; process: RunningProcess }> {
  const [script, erl] = [findProgram('ejabberdctl'), findProgram('erl')];
  if (!script || !erl)
    throw new Error('ejabberd is not installed; on Debian: apt-get install ejabberd erlang-p1-mysql');
  const schema = await readFile(SCHEMA, 'utf8');
  await withConnection(`${databaseUrl}?multipleStatements=true`, (connection) => connection.query(schema));
  await mkdir(directory, { recursive: true });
  const port = await freePort();
  const file = join(directory, 'ejabberd.yml');
  await writeFile(file, configuration(port, new URL(databaseUrl)), { mode: 0o600 });
  const mnesia = ['-mnesia', 'dir', JSON.stringify(join(directory, 'mnesia'))];
  const running = await startProcess(erl, ['-noinput', ...MACHINE, ...mnesia, '-s', 'ejabberd'], {
    cwd: directory,
    env: {
      ...process.env,
      ERL_LIBS: await librariesOf(script),
      ERL_CRASH_DUMP_BYTES: '0',
      EJABBERD_CONFIG_PATH: file,
      EJABBERD_LOG_PATH: join(directory, 'ejabberd.log'),
    },
    output: {
      line: (line) => {
        if (!/ \[(info|notice)\] |^\[os_mon\]/.test(line)) process.stderr.write(`ejabberd: ${line}\n`);
      },
    },
  });
  try {
    const answers = async () => (await fetch(`http://127.0.0.1:${port}/ws`)).ok;
    await eventually(answers, READY_MS, 'ejabberd does not listen');
  } catch (error) {
    await running.stop();
    throw error;
  }
  return { url: `ws://127.0.0.1:${port}/ws`, process: running };
}
