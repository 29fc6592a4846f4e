import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The variable that names a service's database, by what its database and its user are called. */
export const databaseVariables = {
  AUTH_DB_URL: 'teahouse_auth',
  GROUP_DB_URL: 'teahouse_group',
  PRIVATE_DB_URL: 'teahouse_private',
} as const;
export type DatabaseVariable = keyof typeof databaseVariables;

/** The same for archives, which a service may be without. */
export const archiveVariables = {
  GROUP_ARCHIVE_DB_URL: 'teahouse_group_archive',
  PRIVATE_ARCHIVE_DB_URL: 'teahouse_private_archive',
} as const;
export type ArchiveVariable = keyof typeof archiveVariables;

/** What has a password: the database server's root, a service's user there, a service's user of NATS. */
const secretNames = [
  'root',
  ...(Object.keys(databaseVariables) as DatabaseVariable[]),
  ...(Object.keys(archiveVariables) as ArchiveVariable[]),
  'NATS_GATEWAY_PASSWORD',
  'NATS_AUTH_PASSWORD',
  'NATS_GROUP_CHAT_PASSWORD',
  'NATS_PRIVATE_CHAT_PASSWORD',
] as const;

export type Secrets = Record<(typeof secretNames)[number], string>;

/** The passwords of the servers in `directory`: made on first use, readable by their owner only. */
export function secretsIn(directory: string): Secrets {
  const file = join(directory, 'secrets.json');
  const known: Partial<Secrets> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const missing = secretNames.filter((name) => known[name] === undefined);
  // A letter first: in its configuration NATS takes a bare number for one.
  const made = Object.fromEntries(missing.map((name) => [name, `p${randomBytes(24).toString('hex')}`]));
  const secrets = { ...made, ...known } as Secrets;
  if (missing.length > 0) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 });
  }
  return secrets;
}

const script = join(import.meta.dirname, '..', '..', 'deploy', 'databases.sh');

/**
 * Makes, as in production, a database for each service and a user that has rights on that one only, where they are missing.
 * Returns the URLs to hand to the services.
 */
export async function createServiceDatabases(
  rootUrl: string,
  secrets: Secrets,
): Promise<Record<DatabaseVariable | ArchiveVariable, string>> {
  const root = new URL(rootUrl);
  const passwords = Object.entries(secrets).flatMap(([name, password]) =>
    name.endsWith('_DB_URL') ? [[name.replace(/_URL$/, '_PASSWORD'), password]] : [],
  );
  await promisify(execFile)('sh', [script], {
    timeout: 30_000,
    env: {
      PATH: process.env.PATH,
      MYSQL_HOST: root.hostname,
      MYSQL_TCP_PORT: root.port,
      MARIADB_ROOT_PASSWORD: root.password,
      ...Object.fromEntries(passwords),
    },
  });
  const urlOf = ([variable, name]: [string, string]) => {
    const url = new URL(`/${name}`, root);
    url.username = name;
    url.password = secrets[variable as DatabaseVariable];
    return [variable, url.href];
  };
  const all = Object.entries({ ...databaseVariables, ...archiveVariables });
  return Object.fromEntries(all.map(urlOf)) as Record<DatabaseVariable | ArchiveVariable, string>;
}
