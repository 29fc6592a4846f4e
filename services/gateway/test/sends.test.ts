import { createMemoryHub, serveCall } from '@teahouse/bus';
import { groupCalls, privateCalls } from '@teahouse/contracts';
import t from 'tap';
import type { Hub, HubSocket } from '../dist/hub/index.js';
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
  const sends = new Sends({ bus, hub });
  const socket = { id: 'c1', userId: 5 } as HubSocket;
  t.same(await sends.group(socket, { groupId: 3, content: 'a' }), stored);
  t.same(told, [[3, 7, 'c1']], 'group, seq, connection');
  t.same(await sends.private(socket, { to: 6, content: 'b' }), stored);
  t.same(told[1], [5, 6, 7, 'c1'], 'user, peer, seq, connection');
});
