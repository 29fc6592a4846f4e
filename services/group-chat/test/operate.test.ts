import { fileURLToPath } from 'node:url';
import { freePort, sharedNatsUrl, startProcess, testDatabase, withConnection } from '@teahouse/test';
import t from 'tap';

const program = (name: string) => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
const hot = await testDatabase('operate');
const archive = await testDatabase('operate_archive');
t.teardown(async () => {
  await hot.drop();
  await archive.drop();
});
t.setTimeout(240_000);

const environment = { PATH: process.env.PATH, GROUP_DB_URL: hot.url, GROUP_ARCHIVE_DB_URL: archive.url };
const start = async (words: string, env: NodeJS.ProcessEnv = environment) => {
  const lines: string[] = [];
  const running = await startProcess(process.execPath, [program('operate'), ...words.split(' ')], {
    env,
    output: { line: (line) => lines.push(line) },
  });
  return { running, lines };
};
/** Exit code and everything said. */
const run = async (words: string, env?: NodeJS.ProcessEnv) => {
  const { running, lines } = await start(words, env);
  const { code } = await running.finished();
  return { code, text: lines.join('\n') };
};
const sql = (url: string, text: string) =>
  withConnection(url, async (connection) => {
    const [rows] = await connection.query(text);
    return rows as Record<string, unknown>[];
  });

const messages = 12_000;
const conversations = 30;
/** One message a minute, the last one just now. */
const end = Date.now();
const minuteMs = 60_000;

t.test('a command that does not exist, or has no archive, says so', async (t) => {
  const unknown = await run('archive delete');
  t.equal(unknown.code, 2);
  t.match(unknown.text, /archive status[\s\S]*archive backfill[\s\S]*archive verify[\s\S]*retention run/);
  const none = { ...environment, GROUP_ARCHIVE_DB_URL: '' };
  t.match(await run('archive backfill', none), {
    code: 1,
    text: 'GROUP_ARCHIVE_DB_URL is missing: there is no archive.',
  });
  t.match(await run('archive status', none), { code: 0, text: /archive +none is set[\s\S]*hot part +0\b/ });
  t.match(await run('archive status', {}), { code: 1, text: /^GROUP_DB_URL is missing/ });
  const away = { ...environment, GROUP_ARCHIVE_DB_URL: `mysql://root:x@127.0.0.1:${await freePort()}/nothing` };
  t.match(await run('archive status', away), { code: 1, text: /archive +does not answer/ });
});

t.test('a system with a past gets its archive filled, interrupted and called again', async (t) => {
  // All at once, as a log of years would take the test long to say.
  const digits = [1, 10, 100, 1000, 10_000].map((unit, i) => `d${i}.n * ${unit}`).join(' + ');
  const ten =
    '(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)';
  const numbers = `(SELECT ${digits} AS n FROM ${[0, 1, 2, 3, 4].map((i) => `${ten} d${i}`).join(' JOIN ')})`;
  await sql(
    hot.url,
    `INSERT INTO group_chat (id, groupName, state, announcement, joinPolicy, memberCount, createTime)
     SELECT n + 2, 'old', 0, '', 0, 0, 1 FROM ${numbers} numbers WHERE n < ${conversations}`,
  );
  await sql(
    hot.url,
    `INSERT INTO group_message (groupId, seq, id, fromUserId, content, kind, createTime, recalled)
     SELECT n MOD ${conversations} + 2, n DIV ${conversations} + 1, CONCAT('id-', n), 1, CONCAT('m', n), 0, ${end} - (${messages} - n) * ${minuteMs}, 0
     FROM ${numbers} numbers WHERE n < ${messages}`,
  );
  await sql(hot.url, `UPDATE group_chat SET lastSeq = ${messages / conversations}, movedAt = 1 WHERE id > 1`);
  t.match(await run('archive status'), {
    code: 0,
    text: new RegExp(`not archived yet +${messages} in 30 conversations`),
  });
  const { running } = await start('archive backfill');
  const archived = async () =>
    Number((await sql(archive.url, 'SELECT COUNT(*) AS n FROM group_message_archive'))[0]?.n);
  for (let count = 0; count === 0; count = await archived()) {}
  await running.stop('SIGKILL');
  const copied = Number((await sql(hot.url, 'SELECT SUM(archivedThroughSeq) AS n FROM group_chat'))[0]?.n);
  t.ok(copied < messages, `${copied} when it was killed`);
  t.match(await run('archive backfill'), { code: 0, text: `${messages - copied} messages copied.` });
  t.match(await run('archive backfill'), { code: 0, text: '0 messages copied.' });
  t.equal(await archived(), messages);
  t.match(await run('archive verify'), { code: 0, text: new RegExp(`^${messages} messages compared, 0 copied again`) });
});

t.test('retention run evicts what the settings say, oldest first', async (t) => {
  const keep = { ...environment, HOT_MAX_AGE_DAYS: '100000', HOT_MAX_ROWS: '1200' };
  t.match(await run('retention run', keep), { code: 0, text: `${messages - 1200} messages evicted.` });
  t.match(await run('retention run', keep), { code: 0, text: '0 messages evicted.' });
  const [row] = await sql(hot.url, 'SELECT COUNT(*) AS n, MIN(createTime) AS oldest FROM group_message');
  t.equal(Number(row?.n), 1200);
  const oldest = messages - (end - Number(row?.oldest)) / minuteMs;
  t.ok(oldest > messages * 0.8, `the oldest is number ${oldest}`);
  t.match(await run('archive verify'), { code: 0, text: /The archive holds everything/ });
});

t.test('verify copies again what is still there, and tells what differs and what is lost', async (t) => {
  const [head] = await sql(hot.url, 'SELECT hotFromSeq, lastSeq FROM group_chat WHERE id = 2');
  const newest = Number(head?.lastSeq);
  t.ok(Number(head?.hotFromSeq) > 2 && Number(head?.hotFromSeq) < newest);
  await sql(archive.url, `DELETE FROM group_message_archive WHERE groupId = 2 AND seq IN (${newest}, ${newest - 1})`);
  t.match(await run('archive verify'), { code: 0, text: /2 copied again/ });
  await sql(archive.url, `UPDATE group_message_archive SET id = 'other' WHERE groupId = 3 AND seq = ${newest}`);
  await sql(archive.url, 'DELETE FROM group_message_archive WHERE groupId = 4 AND seq = 2');
  const broken = await run('archive verify');
  t.equal(broken.code, 1);
  t.match(broken.text, new RegExp(`conversation 3, seq ${newest}: the archive holds another message here`));
  t.match(broken.text, 'conversation 4, seq 2: the message was evicted and the archive does not hold it');
  t.match(await run('archive status'), {
    code: 1,
    text: new RegExp(`alarm +1\n  conversation 3, seq ${newest}: conflict`),
  });
  await sql(archive.url, `DELETE FROM group_message_archive WHERE groupId = 3 AND seq = ${newest}`);
  await sql(
    archive.url,
    "INSERT INTO group_message_archive SELECT groupId, 2, 'id-32', fromUserId, 'm32', kind, notice, clientId, 33, recalled FROM group_message_archive WHERE groupId = 4 AND seq = 1",
  );
  t.match(await run('archive verify'), { code: 0, text: /1 copied again, 1 alarms cleared/ });
});

t.test('the service refuses to start without the archive', async (t) => {
  const lines: string[] = [];
  const service = await startProcess(process.execPath, [program('main')], {
    env: {
      PATH: process.env.PATH,
      GROUP_DB_URL: hot.url,
      NATS_URL: await sharedNatsUrl(),
      HEALTH_PORT: '0',
      LOG_LEVEL: 'silent',
    },
    output: { line: (line) => lines.push(line) },
  });
  t.equal((await service.finished()).code, 1);
  t.strictSame(lines, ['GROUP_ARCHIVE_DB_URL is missing: old messages are in the archive only and could not be read.']);
});
