import { type Bus, createMemoryHub } from '@teahouse/bus';
import { type GroupHeads, subjects, views } from '@teahouse/contracts';
import { createLog } from '@teahouse/service-kit';
import type { Database } from '@teahouse/service-kit/database';
import { eventually, within } from '@teahouse/test';
import t from 'tap';
import { Memberships } from '../dist/memberships.js';
import type { Service } from '../dist/service.js';
import { startSweep } from '../dist/sweep.js';

t.test('while nobody can be told the window stays open, and closes once the bus is back', async (t) => {
  const startedAt = Date.now();
  const asked: number[] = [];
  const told: GroupHeads['heads'][] = [];
  const bus = {
    connected: false,
    publish(subject: string, payload: Uint8Array) {
      if (!this.connected) return false;
      t.equal(subject, subjects.groupHeads);
      told.push((JSON.parse(Buffer.from(payload).toString()) as GroupHeads).heads);
      return true;
    },
  };
  const service = {
    bus: bus as unknown as Bus,
    log: createLog({ name: 'sweep', level: 'silent' }),
    messages: {
      async movedSince(ms: number) {
        asked.push(ms);
        return [{ id: 7, lastSeq: 9, movedAt: startedAt }];
      },
    },
    memberships: { sweep: async () => {} },
    database: { transaction: async () => undefined },
  } as unknown as Service;
  const sweep = startSweep(service);
  t.teardown(() => sweep.stop());
  await eventually(() => asked.length === 2, 5000, 'two rounds while the bus is away');
  t.same(told, []);
  bus.connected = true;
  await eventually(() => asked.length === 5, 8000, 'three rounds with the bus');
  t.same(told[0], [[7, 9]]);
  t.ok((asked[2] ?? 0) <= startedAt - 60_000, 'the first round that is heard looks back to the start');
  t.ok((asked[3] ?? 0) <= startedAt - 60_000, 'and the second: a database that was away may have committed late');
  t.ok((asked[4] ?? 0) > startedAt - 11_000, 'and the next one only a little');
});

const log = createLog({ name: 'sweep', level: 'silent' });

t.test('memberships that take long delay neither the heads nor, much, the end', async (t) => {
  let asked = 0;
  let begun = 0;
  const service = {
    bus: { connected: true, publish: () => true } as unknown as Bus,
    log,
    messages: {
      async movedSince() {
        asked++;
        return [];
      },
    },
    memberships: {
      sweep() {
        begun++;
        return new Promise(() => {});
      },
    },
    database: { transaction: async () => undefined },
  } as unknown as Service;
  const sweep = startSweep(service);
  await eventually(() => asked === 3, 8000, 'heads are told round after round');
  t.equal(begun, 1);
  t.ok(sweep.healthy);
  await within(sweep.stop(), 3000, 'the sweep did not stop');
});

t.test('a view that is written anew is left with its page at the end, and is known to be unfinished', async (t) => {
  const stopping = new AbortController();
  let pages = 0;
  const database = {
    async read(work: (manager: unknown) => unknown) {
      return work({
        async query(sql: string, params: number[]) {
          if (!sql.includes('FROM group_user')) return [];
          if (++pages === 2) stopping.abort();
          if (pages > 5) throw new Error('there is no end');
          const after = Number(params[0]);
          return Array.from({ length: 500 }, (_, i) => ({ userId: after + i + 1, version: 1, changedAt: 1 }));
        },
      });
    },
  } as unknown as Database;
  const bus = createMemoryHub().connect('test');
  const memberships = new Memberships({ bus, database, log });
  t.teardown(async () => {
    memberships.close();
    await bus.close();
  });
  await t.rejects(memberships.sweep(stopping.signal), { name: 'AbortError' });
  t.equal(pages, 2);
  const view = await bus.view(views.memberships);
  t.ok(await view.get('1000'), 'its page was put');
  t.equal(await view.get('0'), undefined, 'no mark says that the view is complete');
});
