import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withConnection } from './database.js';

/** The variable that names a service's database, by what its database and its user are called. */
export const databaseVariables = {
  AUTH_DB_URL: 'teahouse_auth',
  GROUP_DB_URL: 'teahouse_group',
  PRIVATE_DB_URL: 'teahouse_private',
} as const;
export type DatabaseVariable = keyof typeof databaseVariables;

/** What has a password: the database server's root, a service's user there, a service's user of NATS. */
const secretNames = [
  'root',
  ...(Object.keys(databaseVariables) as DatabaseVariable[]),
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

/**
 * Makes, where they are missing, a database for each service and a user that has rights on that one only.
 * Returns the URLs to hand to the services.
 */
export async function createServiceDatabases(
  rootUrl: string,
  secrets: Secrets,
): Promise<Record<DatabaseVariable, string>> {
  const urls: Partial<Record<DatabaseVariable, string>> = {};
  await withConnection(rootUrl, async (connection) => {
    for (const variable of Object.keys(databaseVariables) as DatabaseVariable[]) {
      const name = databaseVariables[variable];
      const user = `'${name}'@'127.0.0.1'`;
      await connection.query(`CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4`);
      await connection.query(`CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY '${secrets[variable]}'`);
      await connection.query(`ALTER USER ${user} IDENTIFIED BY '${secrets[variable]}'`);
      // In a grant, `_` stands for any character.
      await connection.query(`GRANT ALL PRIVILEGES ON \`${name.replaceAll('_', '\\_')}\`.* TO ${user}`);
      const url = new URL(`/${name}`, rootUrl);
      url.username = name;
      url.password = secrets[variable];
      urls[variable] = url.href;
    }
  });
  return urls as Record<DatabaseVariable, string>;
}
