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
import { Foresight } from './foresight.js';
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
const none: ReadonlySet<number> = new Set();

export function createTransact<D extends Draft>(options: TransactOptions<D>): Transact<D> {
  const { statements, rules, clock, log, dialect } = options;
  // SQLite is in this process: there is no round trip to save.
  const foresight = rules.foreseen && !options.waits && dialect !== 'sqlite' ? new Foresight() : undefined;
  return async (entries) => {
    const drafts = entries.map(({ draft }) => draft);
    return (await asForeseen(entries, drafts)) ?? (await asFound(entries, drafts));
  };

  /** In one round trip. Undefined where that cannot be tried, or something was not as foreseen and nothing was stored. */
  async function asForeseen(entries: readonly Entry<D>[], drafts: readonly D[]): Promise<Entry<D>[] | undefined> {
    const locked = foresight?.rows(drafts);
    if (!locked) return undefined;
    const session = await options.session;
    const now = clock();
    const decided = plan(drafts, {
      locked,
      busy: none,
      sent: new Map(),
      judge: () => undefined,
      missing: rules.missing,
      now,
    });
    const { batches } = decided;
    let asked = false;
    try {
      await session.exclusive((run) => {
        asked = true;
        return run(
          [{ sql: session.begin }, statements.unmoved([...locked.values()]), ...store(batches, now)],
          'rowless',
        );
      });
    } catch (error) {
      if (failureOf(error) === 'lost') {
        foresight?.clear();
        if (!asked) throw error;
        return inDoubt(entries, decided, error);
      }
      foresight?.forget(locked.keys());
      log.debug({ err: error, drafts: drafts.length }, 'a batch was not as foreseen');
      return undefined;
    }
    return committed(entries, decided);
  }

  /** In two: what is found under the locks is decided upon here, and then stored. */
  async function asFound(entries: readonly Entry<D>[], drafts: readonly D[]): Promise<Entry<D>[]> {
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
        await run(batches.length === 0 ? [commit] : store(batches, now), 'rowless');
      });
    } catch (error) {
      given = error;
      if (failureOf(error) === 'lost') foresight?.clear();
      if (!decided || failureOf(error) !== 'lost') throw error;
      return inDoubt(entries, decided, error);
    }
    if (!decided) throw new Error('a session ran no work');
    return committed(entries, decided);
  }

  function store(batches: readonly StoredBatch[], now: number): Statement[] {
    return [...statements.store(batches, now), ...(rules.writes?.(batches) ?? []), commit];
  }

  function committed(entries: readonly Entry<D>[], decided: Plan): Entry<D>[] {
    foresight?.keep(decided.batches);
    // The answer waits for those that were put off; who hears these must not.
    if (decided.results.includes(undefined)) for (const batch of decided.batches) batch.quiet = false;
    publish(decided.batches);
    return settle(entries, decided, undefined);
  }

  function inDoubt(entries: readonly Entry<D>[], decided: Plan, error: unknown): Entry<D>[] {
    log.warn({ err: error, drafts: entries.length }, 'the connection was lost while a batch was committed');
    return settle(entries, decided, error);
  }

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
