import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { wholeOption, withConnection } from '@teahouse/test';
import { openArena } from './contestants.js';
import { cpuBetween, cpuUsed } from './cpu.js';
import { median } from './summary.js';
import { type Account, type Frame, nowhere, register, TeahouseMember } from './teahouse.js';

/*
 * What a page of history and a new message cost as a log grows. Each group's older half stands in the archive alone, the
 * other half in the hot database. Rows are made by the database itself (MariaDB's sequence tables); everything measured
 * goes through the gateway. The sizes take turns page by page, so that the machine's moods meet all of them alike.
 */

const pageRows = 50;
const rowsAtOnce = 500_000;
const sends = 2_000;
const sendsAtOnce = 20;
const retention = { HOT_MAX_ROWS: '1000000000', HOT_MAX_AGE_DAYS: '3650' };

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,1000000,10000000' },
    pages: { type: 'string', default: '200' },
  },
});
const sizes = values.sizes.split(',').map((size) => wholeOption('sizes', size, 1000));
const pages = wholeOption('pages', values.pages, 1);

const say = (text: string) => process.stdout.write(`${text}\n`);

async function fill(url: string, table: string, groupId: number, from: number, to: number, author: number) {
  await withConnection(url, async (connection) => {
    for (let first = from; first <= to; first += rowsAtOnce) {
      const last = Math.min(to, first + rowsAtOnce - 1);
      await connection.query(
        `INSERT INTO ${table} (groupId, seq, id, fromUserId, content, kind, createTime, recalled)
          SELECT ${groupId}, seq, UUID(), ${author}, CONCAT('message ', RPAD(seq, 56, '.')), 0, ${Date.now()}, 0
          FROM seq_${first}_to_${last}`,
      );
    }
  });
}

/** A group of one member and `size` messages. */
async function makeGroup(hotUrl: string, archiveUrl: string, groupId: number, size: number, owner: Account) {
  const border = Math.floor(size / 2);
  await fill(archiveUrl, 'group_message_archive', groupId, 1, border, owner.id);
  await fill(hotUrl, 'group_message', groupId, border + 1, size, owner.id);
  await withConnection(hotUrl, async (connection) => {
    await connection.query(
      `INSERT INTO group_chat (id, groupNumber, groupName, state, announcement, joinPolicy, memberCount, createTime,
        lastSeq, archivedThroughSeq, hotFromSeq) VALUES (?, ?, 'long', 0, '', 0, 1, 0, ?, ?, ?)`,
      [groupId, 90_000_000 + groupId, size, size, border + 1],
    );
    await connection.query(
      'INSERT INTO group_chat_member (groupId, userId, rights, mutedUntil, readSeq, joinTime) VALUES (?, ?, 0, 0, 0, 0)',
      [groupId, owner.id],
    );
  });
}

/** Milliseconds of one page that ends before `beforeSeq`, which is checked for its place. */
async function page(member: TeahouseMember, groupId: number, beforeSeq: number): Promise<number> {
  const since = performance.now();
  const answer = (await member.request({ type: 'history', groupId, beforeSeq, limit: pageRows })) as Frame & {
    messages: { seq: number }[];
  };
  const ms = performance.now() - since;
  if (answer.messages.length !== pageRows || answer.messages.at(-1)?.seq !== beforeSeq - 1)
    throw new Error(`group ${groupId} before ${beforeSeq}: not the page that was asked for`);
  return ms;
}

/** Sends with 20 in flight; tells the median of the acks in milliseconds and the database's CPU in microseconds a message. */
async function send(member: TeahouseMember, groupId: number, databasePid: number): Promise<string> {
  const acks: number[] = [];
  const pids = { database: databasePid };
  const before = cpuUsed(pids);
  for (let at = 0; at < sends; at += sendsAtOnce) {
    await Promise.all(
      Array.from({ length: sendsAtOnce }, async () => {
        const since = performance.now();
        await member.request({ type: 'groupMessage', groupId, content: 'x'.repeat(64) });
        acks.push(performance.now() - since);
      }),
    );
  }
  const { database = 0 } = cpuBetween(before, cpuUsed(pids));
  return `ack ${median(acks).toFixed(2)} ms, database ${(database / sends).toFixed(0)} µs a message`;
}

/** Until the database has written and cleaned up what filling left behind: a second in which it used a twentieth of a core, a minute at most. */
async function atRest(databasePid: number): Promise<void> {
  const pids = { database: databasePid };
  for (let second = 0; second < 60; second += 1) {
    const before = cpuUsed(pids);
    await pause(1000);
    if ((cpuBetween(before, cpuUsed(pids)).database ?? 0) < 50_000) return;
  }
}

const within = (from: number, to: number): number => from + Math.floor(Math.random() * (to - from));

const arena = await openArena(['teahouse'], { retention });
try {
  const { teahouse, contestants } = arena;
  const databasePid = contestants[0]?.pids.database;
  if (teahouse?.groupArchiveDbUrl === undefined || databasePid === undefined)
    throw new Error('Teahouse was not started.');
  const { url, groupDbUrl, groupArchiveDbUrl } = teahouse;
  const account = await register(url, 0);
  const member = new TeahouseMember(account, undefined, nowhere);
  await member.open(url);
  const { groupId: short = 0 } = await member.request({ type: 'createGroup', groupName: 'short' });
  await send(member, short, databasePid); // Until everything is compiled.
  say(`a new message beside an empty table: ${await send(member, short, databasePid)}`);
  for (const [i, size] of sizes.entries()) {
    const since = performance.now();
    await makeGroup(groupDbUrl, groupArchiveDbUrl, 1001 + i, size, account);
    process.stderr.write(`${size} messages made in ${((performance.now() - since) / 1000).toFixed(0)} s\n`);
  }
  await atRest(databasePid);
  say(`a new message beside ${sizes.join(' + ')} messages: ${await send(member, short, databasePid)}`);
  member.close();
  const reader = new TeahouseMember(account, undefined, nowhere);
  await reader.open(url);
  const places: Record<string, (size: number) => number> = {
    newest: (size) => size + 1,
    'old, hot': (size) => within(Math.floor(size / 2) + 2 + pageRows, size),
    archived: (size) => within(2 + pageRows, Math.floor(size / 2)),
  };
  for (const [place, at] of Object.entries(places)) {
    const times = sizes.map((): number[] => []);
    for (let n = 0; n < pages; n += 1)
      for (const [i, size] of sizes.entries()) times[i]?.push(await page(reader, 1001 + i, at(size)));
    const medians = times.map(median);
    const told = sizes.map((size, i) => `${size}: ${medians[i]?.toFixed(2)} ms`);
    say(
      `a page of ${pageRows}, ${place}: ${told.join(', ')}; largest / smallest ${(Math.max(...medians) / Math.min(...medians)).toFixed(2)}`,
    );
  }
  reader.close();
} finally {
  await arena.close();
}
