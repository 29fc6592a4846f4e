import type { Bus } from '@teahouse/bus';
import { type GroupHeads, subjects } from '@teahouse/contracts';
import { createLog } from '@teahouse/service-kit';
import { eventually } from '@teahouse/test';
import t from 'tap';
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
