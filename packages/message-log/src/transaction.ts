import { TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import {
  classify,
  type Dialect,
  type Row,
  type Run,
  type Session,
  type Statement,
} from '@teahouse/service-kit/database';
import type { Clock } from './clock.js';
import type { Entry } from './entry.js';
import { type Known, type Plan, plan, sentKey } from './plan.js';
import type { Statements } from './statements.js';
import type { Draft, LogRules, StoredBatch } from './types.js';

/**
 * Stores a batch and settles its entries, but for those it returns: their conversations are locked elsewhere.
 * Rejects where nothing was stored and nobody was settled. Where COMMIT was sent and the connection lost, nobody knows,
 * and what was to be stored is answered UNAVAILABLE.
 */
export type Transact<D extends Draft> = (entries: readonly Entry<D>[]) => Promise<Entry<D>[]>;

/** `lost`: nobody could be asked. `refused`: a lock or a deadlock, the same may go well the next time. */
export function failureOf(error: unknown): 'lost' | 'refused' | 'other' {
  // A session tells them all as UNAVAILABLE, with the driver's error as cause.
  const kind = classify(error);
  if (kind === 'deadlock' || kind === 'locked') return 'refused';
  return kind === 'connection' || error instanceof TeahouseError ? 'lost' : 'other';
}

export interface TransactOptions<D extends Draft> {
  readonly session: Promise<Session>;
  /** Whether to wait for conversations that are locked elsewhere, 1 s at most. */
  readonly waits: boolean;
  readonly dialect: Dialect;
  readonly statements: Statements;
  readonly rules: LogRules<D>;
  readonly clock: Clock;
  readonly onStored: (batches: readonly StoredBatch[]) => void;
  readonly log: Log;
}

const commit: Statement = { sql: 'COMMIT' };

export function createTransact<D extends Draft>(options: TransactOptions<D>): Transact<D> {
  const { statements, rules, clock, log } = options;

  return async (entries) => {
    const drafts = entries.map(({ draft }) => draft);
    let decided: Plan | undefined;
    let given: unknown;
    try {
      const session = await options.session;
      await session.exclusive(async (run) => {
        const known = await look(run, session.begin, drafts, options);
        // A session that was late gave up on this work, which may still get here, and the drafts are tried again.
        if (given) throw given;
        const now = clock();
        decided = plan(drafts, { ...known, judge: options.waits ? inTime(entries, known.judge) : known.judge, now });
        const { batches } = decided;
        if (batches.length === 0) await run([commit]);
        else await run([...statements.store(batches, now), ...(rules.writes?.(batches) ?? []), commit]);
      });
    } catch (error) {
      given = error;
      if (!decided || failureOf(error) !== 'lost') throw error;
      log.warn({ err: error, drafts: drafts.length }, 'the connection was lost while a batch was committed');
    }
    if (!decided) throw new Error('a session ran no work');
    if (!given) publish(decided.batches);
    return settle(entries, decided, given);
  };

  function publish(batches: readonly StoredBatch[]): void {
    if (batches.length === 0) return;
    try {
      options.onStored(batches);
    } catch (error) {
      log.error({ err: error }, 'stored messages could not be published');
    }
  }
}

function settle<D extends Draft>(entries: readonly Entry<D>[], decided: Plan, lost: unknown): Entry<D>[] {
  const putOff: Entry<D>[] = [];
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Entry<D>;
    const result = decided.results[i];
    if (!result) putOff.push(entry);
    else if (lost && decided.pending[i]) entry.settle(new TeahouseError('UNAVAILABLE', undefined, { cause: lost }));
    else entry.settle(result);
  }
  return putOff;
}

/** The first round trip: begins, locks, and reads all that deciding needs. A second one only where a row was not found. */
async function look<D extends Draft>(
  run: Run,
  begin: string,
  drafts: readonly D[],
  options: TransactOptions<D>,
): Promise<Omit<Known<D>, 'now'>> {
  const { statements, rules, dialect } = options;
  const ids = [...new Set(drafts.map(({ conversationId }) => conversationId))].sort((a, b) => a - b);
  const reads = rules.reads(drafts);
  const sentBefore = statements.sent(drafts);
  const results = await run([
    { sql: begin },
    statements.lock(ids, options.waits),
    ...reads,
    ...(sentBefore ? [sentBefore] : []),
  ]);
  const locked = byId(results[1] ?? []);
  const sent = new Map<string, Row>();
  if (sentBefore) {
    for (const row of results[2 + reads.length] ?? [])
      sent.set(sentKey(Number(row.fromUserId), String(row.clientId)), row);
  }
  const absent = locked.size === ids.length ? [] : ids.filter((id) => !locked.has(id));
  // SQLite has one writer: nothing is ever locked elsewhere.
  const exist = absent.length === 0 || dialect === 'sqlite' ? [] : (await run([statements.exist(absent)]))[0];
  const judge = rules.judge(results.slice(2, 2 + reads.length), locked);
  return { locked, busy: new Set(byId(exist ?? []).keys()), sent, judge, missing: rules.missing };
}

/** Refuses what waited for its lock until after its deadline. */
function inTime<D extends Draft>(entries: readonly Entry<D>[], judge: Known<D>['judge']): Known<D>['judge'] {
  const now = Date.now();
  const late = new Set(entries.filter(({ deadline }) => deadline <= now).map(({ draft }) => draft));
  return (draft) => (late.has(draft) ? 'UNAVAILABLE' : judge(draft));
}

function byId(rows: readonly Row[]): Map<number, Row> {
  return new Map(rows.map((row) => [Number(row.id), row]));
}
