import type { Row } from '@teahouse/service-kit/database';
import { startProgress } from './progress.js';
import { archiveOf, type Tools } from './tools.js';
import { type Finding, Verifier } from './verifier.js';

/** Conversations looked up at once. */
const chunk = 500;
/** Alarms that one call can clear. */
const alarmsLooked = 100_000;
/** Findings that are told one by one. */
const shown = 50;

/**
 * `archive verify`: compares the hot database with the archive, conversation by conversation, beside a running service. The
 * archive gets again what it has lost and the hot database still has; an alarm is raised where the two differ, and cleared
 * where they agree again. False where anything is wrong that is left to the operator.
 */
export async function verify(tools: Tools): Promise<boolean> {
  const { database, tables, alarms, say } = tools;
  const verifier = new Verifier(tools, await archiveOf(tools));
  const { conversation } = tables;
  const query = (sql: string, params: readonly number[] = []) =>
    database.read((manager) => manager.query<Row[]>(sql, [...params]));
  const [all] = await query(`SELECT COUNT(*) AS n FROM ${conversation}`);
  const progress = startProgress('comparing', Number(all?.n));
  const alarmed = new Set((await alarms.list(alarmsLooked)).map(({ conversationId }) => conversationId));
  const findings: Finding[] = [];
  let cleared = 0;
  try {
    for (let after = 0, full = true; full; ) {
      const rows = await query(`SELECT id FROM ${conversation} WHERE id > ? ORDER BY id LIMIT ${chunk}`, [after]);
      for (const row of rows) {
        after = Number(row.id);
        const found = await verifier.check(after);
        findings.push(...found);
        if (found.length === 0 && alarmed.has(after)) {
          await alarms.clear(after);
          cleared++;
        }
        for (const { seq, problem } of found) {
          if (problem !== 'lost') await alarms.raise(after, seq, problem);
        }
        progress.advance(1);
      }
      full = rows.length === chunk;
    }
  } finally {
    progress.end();
  }
  say(`${verifier.compared} messages compared, ${verifier.repaired} copied again, ${cleared} alarms cleared.`);
  for (const { conversationId, seq, problem } of findings.slice(0, shown)) {
    say(`  conversation ${conversationId}, seq ${seq}: ${meaning[problem]}`);
  }
  say(findings.length === 0 ? 'The archive holds everything that it should.' : `${findings.length} problems.`);
  return findings.length === 0;
}

const meaning = {
  conflict: 'the archive holds another message here',
  hole: 'the message is missing in the hot database',
  lost: 'the message was evicted and the archive does not hold it',
} as const satisfies Record<Finding['problem'], string>;
