import { createMemoryHub, serveCall } from '@teahouse/bus';
import { type CallRequest, groupCalls, privateCalls } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t from 'tap';
import type { Hub, HubSocket } from '../dist/hub/index.js';
import type { Run } from '../dist/hub/track.js';
import { Sends } from '../dist/sends.js';

const stored = { id: '01890a5d-ac96-774b-bcce-b302099a8057', seq: 7, createTime: '2026-11-22T08:00:00.000Z' };

t.test('the hub knows of an ack before the client does, so that a repair does not echo the message', async (t) => {
  const memory = createMemoryHub();
  const bus = await memory.connect('gateway');
  t.teardown(() => bus.close());
  const answer = async ({ items }: { items: readonly object[] }) => ({ results: items.map(() => stored) });
  serveCall(bus, groupCalls.append, 'group-chat', answer);
  serveCall(bus, privateCalls.append, 'private-chat', answer);
  const told: unknown[][] = [];
  const hub = {
    ackedInGroup: (...about: unknown[]) => told.push(about),
    ackedInPrivate: (...about: unknown[]) => told.push(about),
  } as unknown as Hub;
  const sends = new Sends({ bus, hub, presence: { alone: false } });
  const socket = { id: 'c1', userId: 5 } as HubSocket;
  t.same(await sends.group(socket, { groupId: 3, content: 'a' }, 1800), stored);
  t.same(told, [[3, 7, 'c1']], 'group, seq, connection');
  t.same(await sends.private(socket, { to: 6, content: 'b' }, 1800), stored);
  t.same(told[1], [5, 6, 7, 'c1'], 'user, peer, seq, connection');
});

t.test('a gateway that is alone tells the hub what was stored, as runs without a hole', async (t) => {
  const memory = createMemoryHub();
  const bus = await memory.connect('gateway');
  t.teardown(() => bus.close());
  const refused = { code: 'MEMBER_MUTED' as const, message: 'No.' };
  const seqs = [7, 8, undefined, 10, 3, 11];
  const asked: CallRequest<typeof groupCalls.append>[] = [];
  serveCall(bus, groupCalls.append, 'group-chat', async (request) => {
    asked.push(request);
    return {
      results: request.items.map((_, i) => {
        const seq = seqs[i];
        if (seq === undefined) return refused;
        return seq === 3 ? { ...stored, seq, duplicate: true as const } : { ...stored, seq };
      }),
    };
  });
  const told: unknown[] = [];
  const hub = {
    ackedInGroup: (...about: unknown[]) => told.push(about),
    learnGroup: (...about: unknown[]) => told.push(['learn', ...about]),
    hearGroup: (groupId: number, run: Run) =>
      told.push([
        groupId,
        run.first,
        run.senders,
        run.frames.map((frame) => JSON.parse(Buffer.from(frame).toString()).content),
      ]),
  } as unknown as Hub;
  const presence = { alone: true };
  const sends = new Sends({ bus, hub, presence });
  const say = (id: string, content: string) =>
    sends.group({ id, userId: 5 } as HubSocket, { groupId: 3, content }, 1800).then(
      ({ seq }) => told.push(seq),
      () => told.push('refused'),
    );
  const said = ['a', 'b', 'c', 'd', 'e', 'f'].map((content, i) => say(`c${i % 2}`, content));
  // Another gateway that is heard of while this is asked: what was asked quietly is told here all the same.
  await eventually(() => asked.length === 1, 5000, 'nothing was asked');
  presence.alone = false;
  await Promise.all(said);
  t.equal(asked[0]?.quiet, true);
  t.equal(asked[0]?.items.map(({ content }) => content).join(''), 'acebdf', 'line by line');
  t.same(
    told.slice(0, 4),
    [
      [3, 3, 'c1'],
      ['learn', 3, 3],
      [3, 7, ['c0', 'c0'], ['a', 'c']],
      [3, 10, ['c1', 'c1'], ['b', 'f']],
    ],
    'before anybody is answered; what was stored before may not have been told',
  );
  t.same(told.slice(4).sort(), [10, 11, 3, 7, 8, 'refused']);
});
