import { TeahouseError } from '@teahouse/contracts';
import type { Row, Session } from '@teahouse/service-kit/database';
import { createCatchUps } from './catch-ups.js';
import { createClock } from './clock.js';
import { createHistory } from './history.js';
import { createInside } from './inside.js';
import { Lane } from './lane.js';
import { secondOf } from './moved.js';
import { createPages } from './pages.js';
import { startPruning } from './prune.js';
import { createSearch } from './search.js';
import { createStatements } from './statements.js';
import { createTransact } from './transaction.js';
import type { Draft, LogOptions, MessageLog, Stored, StoredBatch } from './types.js';

const closeMs = 5000;

/** Opens a log over tables that `logMigration` made. The database stays the caller's. */
export function openLog<D extends Draft>(options: LogOptions<D>): MessageLog<D> {
  const { database, tables, rules, log, archive, lanes: laneCount = 1, capacity = 20_000 } = options;
  const clock = createClock();
  const statements = createStatements(database.dialect, tables, rules);
  const onStored = (batches: readonly StoredBatch[]) => {
    archive?.ring(batches);
    options.onStored(batches);
  };
  const sessions: Promise<Session>[] = [];
  const transactOn = (waits: boolean) => {
    // Opens nothing yet: a connection is made when it is needed.
    const session = database.session();
    // A session that could not be had shows in the first transaction.
    session.catch(() => {});
    sessions.push(session);
    return createTransact({ session, waits, dialect: database.dialect, statements, rules, clock, onStored, log });
  };
  const lanes = Array.from(
    { length: laneCount },
    () => new Lane<D>({ transact: transactOn(false), transactWaiting: transactOn(true), log }),
  );
  const readPage = createPages({ database, tables, archive, log });
  const stopPruning = startPruning({ database, tables, log });
  const moved = `SELECT ${['id', 'lastSeq', 'movedAt', ...rules.columns].join(', ')} FROM ${tables.conversation} WHERE movedSecond >= ? AND movedAt >= ? ORDER BY movedSecond, movedAt, id LIMIT ?`;
  let waiting = 0;
  let closed = false;

  function append(drafts: readonly D[], deadline: number): Promise<(Stored | TeahouseError)[]> {
    return new Promise((resolve) => {
      const results = new Array<Stored | TeahouseError>(drafts.length);
      let left = drafts.length;
      if (left === 0) resolve(results);
      const touched = new Set<Lane<D>>();
      drafts.forEach((draft, i) => {
        if (closed || waiting >= capacity) {
          results[i] = new TeahouseError('UNAVAILABLE');
          if (--left === 0) resolve(results);
          return;
        }
        waiting++;
        const lane = lanes[draft.conversationId % laneCount] as Lane<D>;
        touched.add(lane);
        lane.add({
          draft,
          deadline,
          settle(result) {
            waiting--;
            results[i] = result;
            if (--left === 0) resolve(results);
          },
        });
      });
      for (const lane of touched) lane.start();
    });
  }

  return {
    append,
    ...createInside({ tables, dialect: database.dialect, clock, archive }),
    history: createHistory(readPage),
    catchUps: createCatchUps(database, tables),
    search: createSearch(readPage),
    movedSince: (ms, limit) => database.read((manager) => manager.query<Row[]>(moved, [secondOf(ms), ms, limit])),
    async close() {
      closed = true;
      const opened = await Promise.allSettled(sessions);
      const end = (how: 'release' | 'destroy') => {
        for (const one of opened) if (one.status === 'fulfilled') one.value[how]();
      };
      const late = setTimeout(() => end('destroy'), closeMs);
      await Promise.all([...lanes.map((lane) => lane.close()), stopPruning()]);
      clearTimeout(late);
      end('release');
    },
  };
}
