import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testMysql, withConnection } from '@teahouse/test';
import t from 'tap';

/* deploy/databases.sh on a real server: each user has rights on its own database, and no more of them than it needs. */

const run = promisify(execFile);
const script = join(import.meta.dirname, '..', '..', 'deploy', 'databases.sh');
const server = await testMysql();
t.teardown(() => server.stop());

const users = ['auth', 'group', 'private', 'group_archive', 'private_archive'].map((name) => `teahouse_${name}`);
const variable = (user: string) => `${user.replace('teahouse_', '').toUpperCase()}_DB_PASSWORD`;

/** The script as the database's image runs it, with this server in the place of the image's own. */
async function makeDatabases(prefix: string): Promise<void> {
  const root = new URL(server.url);
  await run('sh', [script], {
    env: {
      PATH: process.env.PATH,
      MYSQL_HOST: root.hostname,
      MYSQL_TCP_PORT: root.port,
      MARIADB_ROOT_PASSWORD: root.password,
      ...Object.fromEntries(users.map((user) => [variable(user), `${prefix}${user}`])),
    },
  });
}

function as<T>(user: string, password: string, ask: Parameters<typeof withConnection<T>>[1]): Promise<T> {
  const url = new URL(`/${user}`, server.url);
  url.username = user;
  url.password = password;
  return withConnection(url.href, ask);
}

await makeDatabases('first-');

t.test('a user makes tables in its own database, writes, reads, changes and drops them', async (t) => {
  for (const user of users) {
    await as(user, `first-${user}`, async (c) => {
      await c.query('CREATE TABLE parent (id INT PRIMARY KEY)');
      await c.query('CREATE TABLE thing (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id))');
      await c.query('ALTER TABLE thing ADD name VARCHAR(20), ADD INDEX by_name (name)');
      await c.query("INSERT INTO thing (id, name) VALUES (1, '茶')");
      await c.query("UPDATE thing SET name = '茶馆'");
      await c.query('DELETE FROM thing WHERE id = 2');
      const [rows] = await c.query('SELECT name FROM thing');
      t.match(rows, [{ name: '茶馆' }], user);
      await c.query('SELECT GET_LOCK("x", 0)');
      await c.query('CREATE TABLE gone (id INT PRIMARY KEY)');
      await c.query('DROP TABLE gone');
    });
  }
});

t.test('it sees no other database, and has no rights over the server or other users', async (t) => {
  const code = /ER_(TABLEACCESS|DBACCESS|ACCESS|SPECIFIC_ACCESS|COLUMNACCESS|BINLOG_CREATE_ROUTINE).*/;
  for (const user of users) {
    const refused = (sql: string) =>
      t.rejects(
        as(user, `first-${user}`, (c) => c.query(sql)),
        { code },
        `${user}: ${sql}`,
      );
    for (const other of users.filter((one) => one !== user)) {
      await refused(`SELECT * FROM ${other}.thing`);
      await refused(`INSERT INTO ${other}.thing (id) VALUES (9)`);
      await refused(`DROP DATABASE ${other}`);
    }
    // Where a grant's `_` stood for any character, this one would be theirs as well.
    await refused(`CREATE DATABASE ${user.replace('_', 'x')}`);
    await refused('SELECT * FROM mysql.user');
    await refused(`GRANT SELECT ON ${user}.* TO 'teahouse_auth'@'%'`);
    await refused("CREATE USER 'thief'@'%'");
    await refused('CREATE TRIGGER spy BEFORE INSERT ON thing FOR EACH ROW SET NEW.name = 1');
    await refused('SET GLOBAL max_connections = 1');
    await refused("SELECT 1 INTO OUTFILE '/tmp/teahouse-leak'");
    const [shown] = await as(user, `first-${user}`, (c) => c.query('SHOW DATABASES'));
    // MySQL shows both of the server's own views to everybody, MariaDB the first.
    t.same(
      (shown as { Database: string }[]).map(({ Database }) => Database).filter((name) => !/_schema$/.test(name)),
      [user],
    );
  }
  const anonymous = await as('teahouse_auth', 'wrong', (c) => c.query('SELECT 1')).catch((error) => error);
  t.match(anonymous, { code: 'ER_ACCESS_DENIED_ERROR' });
});

t.test('run again it sets the passwords anew and leaves the data', async (t) => {
  await makeDatabases('second-');
  const [rows] = await as('teahouse_group', 'second-teahouse_group', (c) => c.query('SELECT name FROM thing'));
  t.match(rows, [{ name: '茶馆' }]);
  await t.rejects(
    as('teahouse_group', 'first-teahouse_group', (c) => c.query('SELECT 1')),
    { code: 'ER_ACCESS_DENIED_ERROR' },
  );
  const compose = readFileSync(join(script, '..', '..', 'docker-compose.yml'), 'utf8');
  for (const user of users)
    t.match(compose, `${variable(user)}: \${${variable(user)}`, 'compose hands the password on');
});
