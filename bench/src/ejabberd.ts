import { withConnection } from '@teahouse/test';
import type { Adapter } from './adapter.js';
import { nameOf, PASSWORD, xmppStage } from './xmpp.js';

async function addUsers(databaseUrl: string, users: readonly number[]): Promise<void> {
  const rows = users.map((user) => [nameOf(user), PASSWORD]);
  await withConnection(databaseUrl, (connection) =>
    connection.query('INSERT IGNORE INTO users (username, password) VALUES ?', [rows]),
  );
}

async function archived(databaseUrl: string, type: string): Promise<number> {
  const [rows] = await withConnection(databaseUrl, (connection) =>
    connection.query('SELECT COUNT(*) AS stored FROM archive WHERE kind = ?', [type]),
  );
  return (rows as { stored: number }[])[0]?.stored ?? 0;
}

/** ejabberd at the WebSocket `url`, its accounts and its archive in the database at `databaseUrl`. */
export function ejabberdAdapter(url: string, databaseUrl: string): Adapter {
  return {
    name: 'ejabberd',
    promisesOrder: true,
    async prepare(workload) {
      await addUsers(
        databaseUrl,
        workload.conversations.flatMap(({ users }) => users),
      );
      const pairs = workload.conversations[0]?.kind === 'pair';
      return {
        ...xmppStage(url, workload),
        // A private message stands in the archives of both.
        stored: async () => (pairs ? (await archived(databaseUrl, 'chat')) / 2 : archived(databaseUrl, 'groupchat')),
      };
    },
  };
}
