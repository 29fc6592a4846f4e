import { withConnection } from '@teahouse/test';
import type { RowDataPacket } from 'mysql2/promise';
import { groupPlace, type Place, pairPlace } from '../message.js';
import type { System } from '../system.js';
import { type Violation, violation } from '../violation.js';

interface Log {
  readonly domain: 'group' | 'private';
  readonly conversation: string;
  readonly message: string;
  readonly key: string;
  readonly sent: string;
}

const logs: readonly Log[] = [
  {
    domain: 'group',
    conversation: 'group_chat',
    message: 'group_message',
    key: 'groupId',
    sent: 'group_sent_id',
  },
  {
    domain: 'private',
    conversation: 'private_conversation',
    message: 'private_message',
    key: 'conversationId',
    sent: 'private_sent_id',
  },
];

interface State {
  readonly id: number;
  readonly lastSeq: number;
  readonly archivedThroughSeq: number;
  readonly hotFromSeq: number;
  readonly hot: number;
  readonly first: number;
  readonly newest: number;
  readonly sum: number;
}

/** The newest `seq` of every conversation, as the databases have it. */
export async function headsOf(system: System): Promise<Map<Place, number>> {
  const heads = new Map<Place, number>();
  const groups = await ask(system, 'group', 'SELECT id, lastSeq FROM group_chat');
  for (const { id, lastSeq } of groups) heads.set(groupPlace(Number(id)), Number(lastSeq));
  const pairs = await ask(system, 'private', 'SELECT userLow, userHigh, lastSeq FROM private_conversation');
  for (const { userLow, userHigh, lastSeq } of pairs)
    heads.set(pairPlace(Number(userLow), Number(userHigh)), Number(lastSeq));
  return heads;
}

/** Whether all tables agree with each other, and the archive holds everything; to be asked while nothing moves. */
export async function judgeTables(system: System): Promise<Violation[]> {
  const found: Violation[] = [];
  const say = (text: string) => found.push(violation('tables', text));
  for (const log of logs) {
    const states = (await ask(system, log.domain, stateQuery(log))) as unknown as State[];
    for (const state of states) judgeHot(log, state, say);
    await judgeSent(system, log, say);
    await judgeArchive(system, log, states, say);
  }
  const wrong = async (domain: Log['domain'], what: string, query: string) => {
    for (const row of await ask(system, domain, query)) say(`${what}: ${JSON.stringify(row)}`);
  };
  await wrong(
    'group',
    'memberCount is not the number of members',
    `SELECT c.id, c.memberCount, COUNT(m.userId) AS members FROM group_chat c
     LEFT JOIN group_chat_member m ON m.groupId = c.id GROUP BY c.id HAVING c.memberCount <> members`,
  );
  await wrong(
    'group',
    'a read mark lies beyond the newest message',
    `SELECT m.groupId, m.userId, m.readSeq, c.lastSeq FROM group_chat_member m
     JOIN group_chat c ON c.id = m.groupId WHERE m.readSeq > c.lastSeq`,
  );
  await wrong(
    'private',
    'a read mark lies beyond the newest message',
    'SELECT * FROM private_conversation WHERE readLow > lastSeq OR readHigh > lastSeq',
  );
  await wrong(
    'private',
    'a conversation counts other blocks than there are',
    `SELECT * FROM private_conversation WHERE blocks <> (SELECT COUNT(*) FROM private_block
     WHERE (userId = userLow AND blockedId = userHigh) OR (userId = userHigh AND blockedId = userLow))`,
  );
  return found;
}

const checksum = "SUM(CRC32(CONCAT_WS('|', seq, m.id, fromUserId, content, kind)))";

function stateQuery({ conversation, message, key }: Log): string {
  return `SELECT c.id, c.lastSeq, c.archivedThroughSeq, c.hotFromSeq, COUNT(m.seq) AS hot,
    COALESCE(MIN(m.seq), 0) AS first, COALESCE(MAX(m.seq), 0) AS newest, COALESCE(${checksum}, 0) AS sum
    FROM ${conversation} c LEFT JOIN ${message} m ON m.${key} = c.id GROUP BY c.id`;
}

function judgeHot({ conversation }: Log, state: State, say: (text: string) => void): void {
  const { id, lastSeq, archivedThroughSeq, hotFromSeq, hot, first, newest } = state;
  const name = `${conversation} ${id}`;
  if (hot > 0 && newest !== lastSeq) say(`${name} has rows up to ${newest} and lastSeq ${lastSeq}`);
  if (hot > 0 && hot !== newest - first + 1) say(`${name} has ${hot} rows from ${first} to ${newest}`);
  if (hot > 0 && first > hotFromSeq) say(`${name} starts at ${first} and says hotFromSeq ${hotFromSeq}`);
  if (hot === 0 && hotFromSeq <= lastSeq) say(`${name} has no rows and says hotFromSeq ${hotFromSeq} of ${lastSeq}`);
  if (hotFromSeq - 1 > archivedThroughSeq)
    say(`${name} was evicted up to ${hotFromSeq - 1} and archived up to ${archivedThroughSeq}`);
  if (archivedThroughSeq > lastSeq) say(`${name} is archived up to ${archivedThroughSeq} of ${lastSeq}`);
}

/** Every message with a `clientId` has its entry among the sent ones and the other way round, as far as rows are hot. */
async function judgeSent(system: System, log: Log, say: (text: string) => void): Promise<void> {
  const { domain, conversation, message, key, sent } = log;
  const unstored = await ask(
    system,
    domain,
    `SELECT s.conversationId, s.seq, s.clientId FROM ${sent} s JOIN ${conversation} c ON c.id = s.conversationId
     LEFT JOIN ${message} m ON m.${key} = s.conversationId AND m.seq = s.seq AND m.id = s.id AND m.clientId = s.clientId
     WHERE s.seq >= c.hotFromSeq AND m.id IS NULL LIMIT 3`,
  );
  for (const row of unstored) say(`${sent} names what is not stored: ${JSON.stringify(row)}`);
  const unnamed = await ask(
    system,
    domain,
    `SELECT m.${key}, m.seq, m.clientId FROM ${message} m
     LEFT JOIN ${sent} s ON s.fromUserId = m.fromUserId AND s.clientId = m.clientId
     WHERE m.clientId IS NOT NULL AND (s.seq IS NULL OR s.seq <> m.seq) LIMIT 3`,
  );
  for (const row of unnamed) say(`${sent} does not name what is stored: ${JSON.stringify(row)}`);
}

async function judgeArchive(
  system: System,
  { message, key, domain }: Log,
  states: readonly State[],
  say: (text: string) => void,
): Promise<void> {
  const database = `teahouse_${domain}_archive`;
  const table = `${database}.${message}_archive`;
  const rows = await ask(
    system,
    'archive',
    `SELECT ${key} AS id, COUNT(*) AS held, MAX(seq) AS newest FROM ${table} GROUP BY ${key}`,
  );
  const held = new Map(rows.map((row) => [Number(row.id), row]));
  for (const { id, lastSeq, archivedThroughSeq, first, hot, sum } of states) {
    const row = held.get(id);
    const count = Number(row?.held ?? 0);
    if (count !== lastSeq || Number(row?.newest ?? 0) !== lastSeq || archivedThroughSeq !== lastSeq)
      say(`${table} holds ${count} of ${lastSeq} of ${id} (archivedThroughSeq ${archivedThroughSeq})`);
    if (hot === 0) continue;
    const [there] = await ask(
      system,
      'archive',
      `SELECT COALESCE(${checksum}, 0) AS sum FROM ${table} m WHERE ${key} = ${id} AND seq >= ${first}`,
    );
    if (Number(there?.sum) !== Number(sum)) say(`${table} differs from ${message} of ${id} from ${first} on`);
  }
}

async function ask(system: System, name: 'group' | 'private' | 'archive', query: string): Promise<RowDataPacket[]> {
  const url = new URL(name === 'archive' ? '/' : `/teahouse_${name}`, system.databases[name].url);
  return await withConnection(url.href, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(query);
    return rows.map((row) => {
      // Sums come as text.
      return typeof row.sum === 'string' ? { ...row, sum: Number(row.sum) } : row;
    }) as RowDataPacket[];
  });
}
