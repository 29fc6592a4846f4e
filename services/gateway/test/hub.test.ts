import { type Bus, createMemoryHub, serveCall } from '@teahouse/bus';
import {
  encodeEvent,
  type GroupAtLogin,
  type GroupMessage,
  type GroupSummary,
  type GroupWhole,
  groupCalls,
  type Notice,
  privateCalls,
  subjects,
  TeahouseError,
} from '@teahouse/contracts';
import { createLog } from '@teahouse/service-kit';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { Hub } from '../dist/hub/index.js';
import { FakeSocket } from './fake-socket.js';

const log = createLog({ name: 'hub-test', level: 'silent' });

/** What a socket heard of group 1: the seq of a message, `in` for the whole that an entrant gets, else the seq that a whole follows. */
const steps = (socket: FakeSocket) =>
  socket.frames.map((frame) => {
    const group = frame.group as { announcement: string; rights?: string } | undefined;
    if (group !== undefined) return group.rights === undefined ? `after ${group.announcement}` : 'in';
    return frame.type === 'groupMessage' ? frame.seq : frame.type;
  });

/** group-chat and private-chat as far as the hub sees them: a log a group, and who is a member. */
class FakeServices {
  readonly logs = new Map<number, GroupMessage[]>();
  readonly members = new Map<number, Set<number>>();
  readonly names = new Map<number, string>();
  repairs = 0;
  wholesRead = 0;
  whole: Promise<void> = Promise.resolve();
  listsRead = 0;
  groupsDown = false;
  conversationsRead: Promise<void> = Promise.resolve();
  readonly bus: Bus;

  constructor(bus: Bus) {
    this.bus = bus;
    serveCall(bus, groupCalls.sessions, 'group-chat', async ({ userIds }) => {
      if (this.groupsDown) throw new TeahouseError('UNAVAILABLE');
      this.listsRead += userIds.length;
      const groupsOf = (userId: number) =>
        [...this.members].filter(([, users]) => users.has(userId)).map(([id]) => this.summary(id));
      return { sessions: userIds.map((userId) => ({ userId, groups: groupsOf(userId) })) };
    });
    serveCall(bus, groupCalls.heads, 'group-chat', async ({ groupIds }) => ({
      heads: groupIds.map((id) => [id, this.log(id).length] as [number, number]),
    }));
    serveCall(bus, groupCalls.repair, 'group-chat', async ({ groupId, afterSeq, limit }) => {
      this.repairs += 1;
      const page = this.log(groupId).slice(afterSeq, afterSeq + limit);
      return { messages: page, more: afterSeq + limit < this.log(groupId).length };
    });
    serveCall(bus, groupCalls.whole, 'group-chat', async ({ groupId, userIds }) => {
      this.wholesRead += 1;
      await this.whole;
      const seq = this.log(groupId).length;
      const members = userIds.filter((userId) => this.members.get(groupId)?.has(userId));
      return {
        seq,
        group: this.wholeAt(groupId, seq),
        members: members.map((userId) => ({ userId, rights: 'member' as const, readSeq: 0 })),
      };
    });
    serveCall(bus, privateCalls.sessions, 'private-chat', async ({ userIds }) => {
      await this.conversationsRead;
      return { sessions: userIds.map((userId) => ({ userId, conversations: [], more: false })) };
    });
  }

  log(id: number): GroupMessage[] {
    let messages = this.logs.get(id);
    if (messages === undefined) {
      messages = [];
      this.logs.set(id, messages);
    }
    return messages;
  }

  summary(id: number): GroupAtLogin {
    return {
      id,
      groupNumber: 88888888 + id,
      groupName: this.names.get(id) ?? `g${id}`,
      state: 'normal',
      rights: 'member',
      lastSeq: this.log(id).length,
      readSeq: 0,
      memberCount: this.members.get(id)?.size ?? 0,
    };
  }

  /** The group as it is after this message: its announcement is the number. */
  wholeAt(id: number, seq: number): GroupWhole {
    const { groupNumber, groupName, state } = this.summary(id);
    const announcement = String(seq);
    return { id, groupNumber, groupName, state, announcement, joinPolicy: 'open', memberCount: 2 };
  }

  /** Stores messages without telling anybody; returns the event. A notice comes with the group's whole. */
  store(groupId: number, count: number, notice?: Notice, sender = ''): Uint8Array {
    const messages = this.log(groupId);
    const first = messages.length + 1;
    const stored = Array.from(
      { length: count },
      (_, index): GroupMessage => ({
        groupId,
        id: `01890a5d-ac96-774b-bcce-${String(first + index).padStart(12, '0')}`,
        seq: first + index,
        from: 9,
        content: notice ? '' : `m${first + index}`,
        kind: notice ? 'notice' : 'normal',
        createTime: '2026-11-22T08:00:00.000Z',
        ...(notice ? { notice } : {}),
      }),
    );
    messages.push(...stored);
    const change =
      notice &&
      (notice.event === 'joined'
        ? { seq: first, join: notice.userId as number }
        : notice.event === 'updated'
          ? undefined
          : { seq: first, leave: notice.userId as number });
    const frames: object[] = stored.map((message) => ({ type: 'groupMessage', ...message }));
    if (notice) frames.push({ type: 'groupChanged', group: this.wholeAt(groupId, first) });
    return encodeEvent(
      {
        kind: 'run',
        groupId,
        first,
        senders: stored.map(() => sender),
        ...(change ? { changes: [change] } : {}),
        ...(notice ? { whole: true } : {}),
      },
      frames.map((frame) => JSON.stringify(frame)),
    );
  }

  /** Tells a user apart to have come in, or gone out, with the notice `seq`. */
  move(kind: 'enter' | 'exit', userId: number, groupId: number, seq: number): void {
    const group = { ...this.wholeAt(groupId, seq), rights: 'member', lastSeq: seq - 1, readSeq: seq };
    const frames = kind === 'enter' ? [JSON.stringify({ type: 'groupChanged', group })] : [];
    this.bus.publish(subjects.user(userId, 'group'), encodeEvent({ kind, groupId, seq }, frames));
  }

  publish(groupId: number, event: Uint8Array): void {
    this.bus.publish(subjects.groupEvent(groupId), event);
  }
}

function setUp(t: Tap) {
  const memory = createMemoryHub();
  const services = new FakeServices(memory.connect('services'));
  const hub = new Hub({ bus: memory.connect('gateway'), log, cameIn: () => {} });
  t.teardown(async () => {
    hub.close();
    await services.bus.close();
  });
  const enter = async (id: string, userId: number) => {
    const socket = new FakeSocket(id, userId);
    let told: { groups: GroupSummary[] } | undefined;
    await hub.enter(socket, (lists) => {
      told = lists;
    });
    return { socket, groups: told?.groups ?? [] };
  };
  return { services, hub, enter };
}
const until = (check: () => boolean) => eventually(check, 5000, 'the frames came');
type Tap = { teardown(work: () => Promise<void>): void };
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

t.test('a member hears everything after the lastSeq that ready told, in order', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  services.store(1, 3);
  const { socket, groups } = await enter('a', 5);
  t.equal(groups[0]?.lastSeq, 3);
  services.publish(1, services.store(1, 2));
  services.publish(1, services.store(1, 1));
  await until(() => socket.seqs(1).length === 3);
  t.same(socket.seqs(1), [4, 5, 6]);
});

t.test('the connection that sent a message does not hear it, another of the same user does', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const first = await enter('a', 5);
  const second = await enter('b', 5);
  services.publish(1, services.store(1, 1, undefined, 'a'));
  services.publish(1, services.store(1, 1, undefined, 'b'));
  await until(() => second.socket.seqs(1).length === 1 && first.socket.seqs(1).length === 1);
  t.same(second.socket.seqs(1), [1]);
  t.same(first.socket.seqs(1), [2]);
});

t.test('a connection that ends while it is told something takes nothing from the others of its user', async (t) => {
  const { services, hub, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const [slow, second, third] = [await enter('a', 5), await enter('b', 5), await enter('c', 5)];
  slow.socket.outbox.push = () => hub.leave(slow.socket);
  services.publish(1, services.store(1, 1));
  await until(() => third.socket.seqs(1).length === 1);
  t.same(second.socket.seqs(1), [1]);
  services.publish(1, services.store(1, 1));
  await until(() => third.socket.seqs(1).length === 2);
  t.same([second.socket.seqs(1), third.socket.seqs(1)], [range(1, 2), range(1, 2)]);
  t.equal(hub.size.sockets, 2);
});

t.test('a lost event is fetched before what follows it, doubles are dropped, early ones wait', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const { socket } = await enter('a', 5);
  const one = services.store(1, 1);
  services.store(1, 250); // lost: two pages of repair
  const three = services.store(1, 1);
  const four = services.store(1, 1);
  services.publish(1, one);
  services.publish(1, four);
  services.publish(1, three);
  services.publish(1, one);
  services.publish(1, four);
  await until(() => socket.seqs(1).length >= 253);
  t.same(socket.seqs(1), range(1, 253));
  t.equal(services.repairs, 2);
});

t.test('two events in the wrong order are put right without asking anybody', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const { socket } = await enter('a', 5);
  const one = services.store(1, 1);
  const two = services.store(1, 1);
  services.publish(1, two);
  services.publish(1, one);
  await until(() => socket.seqs(1).length === 2);
  t.same(socket.seqs(1), [1, 2]);
  t.equal(services.repairs, 0);
});

t.test('the loss of the very last event is found by the heads, and told in the heads of a heartbeat', async (t) => {
  const { services, hub, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const { socket } = await enter('a', 5);
  t.equal(hub.headsFor(socket), undefined);
  services.store(1, 2);
  services.bus.publish(subjects.groupHeads, Buffer.from(JSON.stringify({ heads: [[1, 2]] })));
  await until(() => socket.seqs(1).length === 2);
  t.same(hub.headsFor(socket), { groups: { 1: 2 }, users: {} });
  t.equal(hub.headsFor(socket), undefined, 'told once');
});

t.test('with more than 1,000 missing the clients are told to catch up', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const { socket } = await enter('a', 5);
  services.store(1, 1500);
  services.publish(1, services.store(1, 1));
  await until(() => socket.seqs(1).length === 1);
  t.match(
    socket.frames.find((frame) => frame.type === 'catchUp'),
    { groupId: 1, seq: 1500 },
  );
  t.same(socket.seqs(1), [1501]);
});

t.test('who joins hears the notice that says so and what follows; who leaves hears it last', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  const stays = await enter('a', 5);
  const goes = await enter('b', 6);
  const comes = await enter('c', 7);
  services.publish(1, services.store(1, 1));
  const joined = services.store(1, 1, { event: 'joined', userId: 7 });
  services.move('enter', 7, 1, 2);
  services.publish(1, joined);
  services.publish(1, services.store(1, 1));
  services.publish(1, services.store(1, 1, { event: 'removed', userId: 6 }));
  services.move('exit', 6, 1, 4);
  services.publish(1, services.store(1, 1));
  await until(() => stays.socket.seqs(1).length === 5);
  t.same(stays.socket.seqs(1), [1, 2, 3, 4, 5]);
  t.same(comes.socket.seqs(1), [2, 3, 4, 5]);
  t.same(goes.socket.seqs(1), [1, 2, 3, 4]);
  t.same(steps(comes.socket), ['in', 2, 'after 2', 3, 4, 'after 4', 5]);
  t.same(steps(goes.socket), [1, 2, 'after 2', 3, 4]);
});

t.test('the notice of a removal that was lost takes the member out when it is fetched', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  const stays = await enter('a', 5);
  const goes = await enter('b', 6);
  services.store(1, 1, { event: 'banned', userId: 6 });
  services.publish(1, services.store(1, 1));
  await until(() => stays.socket.seqs(1).length === 2);
  t.same(goes.socket.seqs(1), [1]);
});

t.test(
  'the first member here of a group hears all from the notice on, though nobody listened when it was published',
  async (t) => {
    const { services, hub, enter } = setUp(t);
    const { socket } = await enter('a', 5);
    services.store(1, 3);
    services.publish(1, services.store(1, 1, { event: 'joined', userId: 5 }));
    services.publish(1, services.store(1, 1));
    services.bus.publish(subjects.user(5, 'group'), encodeEvent({ kind: 'enter', groupId: 1, seq: 4 }, []));
    await until(() => socket.seqs(1).length === 2);
    t.same(socket.seqs(1), [4, 5]);
    hub.leave(socket);
    t.same(hub.size, { rooms: 0, people: 0, sockets: 0 });
  },
);

t.test(
  'the whole of a group comes after its notice and never after a newer one, however events overtake',
  async (t) => {
    const { services, enter } = setUp(t);
    services.members.set(1, new Set([5]));
    const { socket } = await enter('a', 5);
    const renamed = () => services.store(1, 1, { event: 'updated', groupName: 'x' });
    const [one, two, three] = [renamed(), renamed(), renamed()];
    for (const event of [two, one, two, three, one]) services.publish(1, event);
    await until(() => steps(socket).length === 6);
    services.publish(1, two);
    services.publish(1, services.store(1, 1));
    await until(() => socket.seqs(1).length === 4);
    t.same(steps(socket), [1, 'after 1', 2, 'after 2', 3, 'after 3', 4]);
    t.equal(services.repairs, 0);
  },
);

t.test('notices that had to be fetched bring the whole with them, once what it follows from was heard', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const { socket } = await enter('a', 5);
  const renamed = () => services.store(1, 1, { event: 'updated', groupName: 'x' });
  services.store(1, 199);
  renamed(); // The page of 200 ends here, and the group has gone on.
  services.store(1, 40);
  renamed();
  services.publish(1, services.store(1, 1));
  await until(() => socket.seqs(1).length === 242);
  t.same(
    steps(socket).filter((step) => typeof step === 'string'),
    ['after 242'],
  );
  t.same(steps(socket).slice(-2), [242, 'after 242']);
  t.equal(services.wholesRead, 2);
});

t.test('who comes in by a notice that was fetched is told the group first', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const stays = await enter('a', 5);
  const comes = await enter('b', 7);
  services.members.set(1, new Set([5, 7]));
  services.store(1, 1, { event: 'joined', userId: 7 }); // lost, and so is what tells user 7 apart
  services.publish(1, services.store(1, 1));
  await until(() => stays.socket.seqs(1).length === 2);
  t.same(steps(comes.socket), ['in', 1, 2, 'after 2']);
  t.match(comes.socket.frames[0], { group: { lastSeq: 0, rights: 'member' } });
  services.publish(1, services.store(1, 1, { event: 'updated', groupName: 'x' }));
  services.move('enter', 7, 1, 1); // late: others heard more since
  await until(() => steps(comes.socket).at(-1) === 'groups');
  t.same(steps(comes.socket).slice(4), [3, 'after 3', 'groups']);
});

t.test('a move that comes late changes nothing that later notices said', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const stays = await enter('a', 5);
  const other = await enter('b', 7);
  services.publish(1, services.store(1, 1, { event: 'joined', userId: 7 }));
  services.publish(1, services.store(1, 1, { event: 'removed', userId: 7 }));
  services.move('exit', 7, 1, 2);
  services.move('enter', 7, 1, 1);
  services.publish(1, services.store(1, 1));
  await until(() => stays.socket.seqs(1).length === 3);
  t.same(other.socket.seqs(1), [1, 2], 'still out');
  services.members.set(1, new Set([5, 7]));
  const again = services.store(1, 1, { event: 'joined', userId: 7 });
  services.move('enter', 7, 1, 4);
  services.publish(1, again);
  services.move('exit', 7, 1, 2);
  services.publish(1, services.store(1, 1));
  await until(() => stays.socket.seqs(1).length === 5);
  t.same(other.socket.seqs(1), [1, 2, 4, 5], 'still in');
});

t.test('who is put out and let in again hears so in that order, though the room lags', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  await enter('a', 5);
  const { socket } = await enter('b', 6);
  services.store(1, 1); // lost, so that the others wait
  const out = services.store(1, 1, { event: 'removed', userId: 6 });
  const back = services.store(1, 1, { event: 'joined', userId: 6 });
  services.move('exit', 6, 1, 2);
  services.publish(1, out);
  services.move('enter', 6, 1, 3);
  services.publish(1, back);
  await until(() => socket.seqs(1).length === 3);
  t.same(steps(socket).slice(0, 4), [1, 2, 'in', 3]);
});

t.test('who is put out and let in again while the room lags hears nothing of what was said between', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  const stays = await enter('a', 5);
  const { socket } = await enter('b', 6);
  // All of it is lost, and found by the list of another login.
  services.store(1, 1);
  services.store(1, 1, { event: 'removed', userId: 6 });
  services.store(1, 2);
  services.store(1, 1, { event: 'joined', userId: 6 });
  services.store(1, 1);
  const { groups } = await enter('c', 6);
  t.match(groups, [{ id: 1, lastSeq: 0 }]);
  await until(() => stays.socket.seqs(1).length === 6 && steps(socket).length === 3);
  services.publish(1, services.store(1, 1));
  await until(() => stays.socket.seqs(1).length === 7);
  t.same(stays.socket.seqs(1), range(1, 7));
  t.same(steps(socket), [1, 2, 'groups', 7]);
  t.match(socket.frames[2], { groups: [{ id: 1, lastSeq: 6 }] }, 'the list tells of what was said meanwhile');
});

t.test('who was put out and let in again hears nothing more before they are told the list', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  const stays = await enter('a', 5);
  const { socket } = await enter('b', 6);
  services.store(1, 1, { event: 'removed', userId: 6 });
  services.store(1, 1, { event: 'joined', userId: 6 });
  await enter('c', 6);
  services.groupsDown = true;
  await until(() => stays.socket.seqs(1).length === 2);
  services.publish(1, services.store(1, 1, { event: 'updated' }));
  await until(() => stays.socket.seqs(1).length === 3);
  t.same(steps(socket), [1]);
  services.groupsDown = false;
  await until(() => steps(socket).includes('groups'));
  services.publish(1, services.store(1, 1));
  await until(() => socket.seqs(1).includes(4));
  t.same(steps(socket), [1, 'groups', 4]);
  t.match(socket.frames[1], { groups: [{ id: 1, lastSeq: 3 }] });
});

t.test('who comes into a room that lags is told the list, and hears what follows it', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const stays = await enter('a', 5);
  const first = await enter('b', 7);
  services.store(1, 1);
  services.store(1, 1, { event: 'joined', userId: 7 });
  services.store(1, 1);
  services.members.set(1, new Set([5, 7]));
  const second = await enter('c', 7);
  t.match(second.groups, [{ id: 1, lastSeq: 3 }]);
  await until(() => stays.socket.seqs(1).length === 3);
  services.publish(1, services.store(1, 1));
  await until(() => second.socket.seqs(1).length > 0 && first.socket.seqs(1).length > 0);
  t.same(second.socket.seqs(1), [4]);
  const told = first.socket.frames.find(({ type }) => type === 'groups');
  t.match(told, { groups: [{ id: 1, lastSeq: 3 }] }, 'so is who was there before');
  t.same(first.socket.seqs(1), [4]);
});

t.test('where too many are missing, who was put out and let in meanwhile is told the list', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  const stays = await enter('a', 5);
  const { socket } = await enter('b', 6);
  services.store(1, 1, { event: 'removed', userId: 6 });
  services.store(1, 1100);
  services.store(1, 1, { event: 'joined', userId: 6 });
  await enter('c', 6);
  services.publish(1, services.store(1, 1));
  await until(() => stays.socket.seqs(1).length > 0 && socket.seqs(1).length > 0);
  t.same(socket.seqs(1), [1103]);
  t.match(
    socket.frames.filter(({ type }) => type === 'catchUp'),
    [{ groupId: 1 }],
  );
});

t.test('who is told to come in while nobody else is left in the room comes in', async (t) => {
  const { services, hub, enter } = setUp(t);
  services.members.set(1, new Set([5]));
  const leaves = await enter('a', 5);
  const comes = await enter('b', 7);
  services.store(1, 1);
  const joined = services.store(1, 1, { event: 'joined', userId: 7 });
  services.move('enter', 7, 1, 2);
  services.bus.publish(subjects.user(7, 'group'), encodeEvent({ kind: 'push' }, ['{"type":"marker"}']));
  await until(() => steps(comes.socket).length === 1);
  hub.leave(leaves.socket);
  services.publish(1, joined);
  services.publish(1, services.store(1, 1));
  await until(() => comes.socket.seqs(1).length === 2);
  t.same(comes.socket.seqs(1), [2, 3]);
  hub.leave(comes.socket);
  t.same(hub.size, { rooms: 0, people: 0, sockets: 0 });
});

t.test('where too much is missing to be fetched nobody hears more before it is known who is a member', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  const stays = await enter('a', 5);
  const goes = await enter('b', 6);
  const comes = await enter('c', 7);
  services.store(1, 600);
  services.store(1, 1, { event: 'removed', userId: 6 });
  services.store(1, 1, { event: 'joined', userId: 7 });
  services.members.set(1, new Set([5, 7]));
  services.store(1, 900);
  let answer = () => {};
  services.whole = new Promise((resolve) => {
    answer = resolve;
  });
  services.move('enter', 7, 1, 602);
  services.publish(1, services.store(1, 1));
  await until(() => services.wholesRead === 1);
  services.publish(1, services.store(1, 1));
  services.bus.publish(subjects.user(5, 'auth'), encodeEvent({ kind: 'push' }, ['{"type":"marker"}']));
  await until(() => steps(stays.socket).includes('marker'));
  t.same(steps(stays.socket), ['marker']);
  answer();
  await until(() => stays.socket.seqs(1).length === 2 && goes.socket.frames.length > 0);
  t.same(steps(stays.socket), ['marker', 'catchUp', 1503, 1504, 'after 1504']);
  t.same(steps(comes.socket), ['in', 'catchUp', 1503, 1504, 'after 1504']);
  t.match(goes.socket.frames, [{ type: 'groups', groups: [] }]);
  t.equal(goes.socket.frames.length, 1, 'who was removed hears only that');
});

t.test('while it cannot be asked who is a member nothing is delivered, and then all', async (t) => {
  const { services, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  const stays = await enter('a', 5);
  const goes = await enter('b', 6);
  services.store(1, 1200);
  services.members.set(1, new Set([5]));
  let refuse = () => {};
  services.whole = new Promise((_, reject) => {
    refuse = () => reject(new TeahouseError('UNAVAILABLE'));
  });
  services.publish(1, services.store(1, 1));
  await until(() => services.wholesRead === 1);
  refuse();
  await until(() => services.wholesRead === 2);
  t.same(stays.socket.frames, []);
  services.whole = Promise.resolve();
  await until(() => stays.socket.seqs(1).length === 1);
  t.same(steps(stays.socket).slice(0, 2), ['catchUp', 1201]);
  t.same(goes.socket.seqs(1), []);
});

t.test('a missing group-chat is named, and its list follows when it is back', async (t) => {
  const { services, hub } = setUp(t);
  services.members.set(1, new Set([5]));
  services.groupsDown = true;
  const socket = new FakeSocket('a', 5);
  let unavailable: string[] | undefined;
  await hub.enter(socket, (lists) => {
    unavailable = lists.unavailable;
  });
  t.same(unavailable, ['groups']);
  services.groupsDown = false;
  await until(() => socket.frames.some((frame) => frame.type === 'groups'));
  services.publish(1, services.store(1, 1));
  await until(() => socket.seqs(1).length === 1);
});

t.test('who is put out or let in while the other list is still read is placed by what is so now', async (t) => {
  const { services, hub, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  services.members.set(2, new Set([5]));
  const stays = await enter('a', 5);
  let goOn = () => {};
  services.conversationsRead = new Promise((resolve) => {
    goOn = resolve;
  });
  const socket = new FakeSocket('b', 6);
  let groups: number[] = [];
  const entering = hub.enter(socket, (lists) => {
    groups = lists.groups.map(({ id }) => id);
  });
  await until(() => services.listsRead === 2);
  services.members.set(1, new Set([5]));
  services.members.set(2, new Set([5, 6]));
  services.publish(1, services.store(1, 1, { event: 'removed', userId: 6 }));
  services.bus.publish(subjects.user(6, 'group'), encodeEvent({ kind: 'exit', groupId: 1, seq: 1 }, []));
  services.publish(2, services.store(2, 1, { event: 'joined', userId: 6 }));
  services.bus.publish(subjects.user(6, 'group'), encodeEvent({ kind: 'enter', groupId: 2, seq: 1 }, []));
  await until(() => stays.socket.seqs(1).length === 1 && stays.socket.seqs(2).length === 1);
  goOn();
  await entering;
  services.publish(1, services.store(1, 1));
  services.publish(2, services.store(2, 1));
  await until(() => stays.socket.seqs(1).length === 2 && stays.socket.seqs(2).length === 2);
  t.same(groups, [2]);
  t.same(socket.seqs(1), [], 'nothing of the group that the user is out of');
  t.same(socket.seqs(2), [2], 'all after the head that was told');
});

t.test('what changed while the other list is still read is in the list that ready tells', async (t) => {
  const { services, hub, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  const stays = await enter('a', 5);
  let goOn = () => {};
  services.conversationsRead = new Promise((resolve) => {
    goOn = resolve;
  });
  const socket = new FakeSocket('b', 6);
  let told: GroupSummary[] = [];
  const entering = hub.enter(socket, (lists) => {
    told = lists.groups;
  });
  await until(() => services.listsRead === 2);
  const renamed = services.store(1, 1, { event: 'updated', groupName: 'new' });
  services.names.set(1, 'new');
  services.publish(1, renamed);
  await until(() => steps(stays.socket).includes('after 1'));
  goOn();
  await entering;
  t.match(told, [{ groupName: 'new', lastSeq: 1 }], 'nobody would tell it again');
  t.equal(services.listsRead, 3);
  t.same(socket.frames, []);
});

t.test(
  'who came into a group without a word, as its teller died, is told by the sweep and hears the group',
  async (t) => {
    const { services, hub, enter } = setUp(t);
    services.members.set(2, new Set([5]));
    const { socket } = await enter('a', 5);
    services.members.set(1, new Set([5]));
    services.store(1, 1, { event: 'joined', userId: 5 });
    const member = () =>
      services.bus.publish(subjects.user(5, 'group'), encodeEvent({ kind: 'member', groups: [1, 2] }, []));
    member();
    await until(() => socket.frames.length > 0);
    t.match(socket.frames, [{ type: 'groups', groups: [{ id: 2 }, { id: 1, lastSeq: 1 }] }]);
    services.publish(1, services.store(1, 1));
    await until(() => socket.seqs(1).length === 1);
    const read = services.listsRead;
    member();
    services.publish(1, services.store(1, 1));
    await until(() => socket.seqs(1).length === 2);
    t.same(steps(socket), ['groups', 2, 3]);
    t.equal(services.listsRead, read, 'what is known costs nothing');
    t.equal(hub.size.rooms, 2);
  },
);

t.test('a socket that left while its lists were read is never seated', async (t) => {
  const { services, hub } = setUp(t);
  services.members.set(1, new Set([5]));
  const socket = new FakeSocket('a', 5);
  const entering = hub.enter(socket, () => t.fail('seated'));
  hub.leave(socket);
  await entering;
  t.same(hub.size, { rooms: 0, people: 0, sockets: 0 });
});

t.test('a message acked before a repair brings it does not come to its sender again', async (t) => {
  const { services, hub, enter } = setUp(t);
  services.members.set(1, new Set([5, 6]));
  const sender = await enter('a', 5);
  const other = await enter('b', 6);
  services.store(1, 1); // its event is lost
  hub.ackedInGroup(1, 1, 'a');
  services.publish(1, services.store(1, 1));
  await until(() => other.socket.seqs(1).length === 2);
  t.same(sender.socket.seqs(1), [2]);
});

t.test('a new conversation whose head is told before its first message comes once', async (t) => {
  const { services, enter } = setUp(t);
  const { socket } = await enter('a', 5);
  const message = {
    from: 6,
    to: 5,
    id: '01890a5d-ac96-774b-bcce-000000000001',
    seq: 1,
    content: 'first',
    kind: 'normal' as const,
    createTime: new Date().toISOString(),
  };
  let answer = () => {};
  const asked = new Promise<void>((heard) => {
    serveCall(services.bus, privateCalls.repair, 'private-chat', async ({ beforeSeq }) => {
      if (beforeSeq === undefined) return { messages: [message], more: false };
      heard();
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return { messages: [message], more: false };
    });
  });
  const heads = new TextEncoder().encode(JSON.stringify({ heads: [[5, 6, 1]] }));
  services.bus.publish(subjects.privateHeads, heads);
  await asked;
  const run = { kind: 'run' as const, users: [5, 6] as [number, number], first: 1, senders: [''] };
  const event = encodeEvent(run, [JSON.stringify({ type: 'privateMessage', ...message })]);
  services.bus.publish(subjects.user(5, 'private'), event);
  const contents = () => socket.frames.filter(({ type }) => type === 'privateMessage').map(({ content }) => content);
  await until(() => contents().length > 0);
  answer();
  await enter('b', 7); // Asked later, so that the answer above has come by now.
  const next = { ...message, seq: 2, id: '01890a5d-ac96-774b-bcce-000000000002', content: 'second' };
  services.bus.publish(
    subjects.user(5, 'private'),
    encodeEvent({ ...run, first: 2 }, [JSON.stringify({ type: 'privateMessage', ...next })]),
  );
  await until(() => contents().includes('second'));
  t.same(contents(), ['first', 'second']);
});

t.test('a new conversation of which only the head came is found when private-chat answers again', async (t) => {
  const { services, enter } = setUp(t);
  const { socket } = await enter('a', 5);
  const message = {
    from: 6,
    to: 5,
    id: '01890a5d-ac96-774b-bcce-000000000001',
    seq: 1,
    content: 'its event was lost',
    kind: 'normal' as const,
    createTime: new Date().toISOString(),
  };
  let asked = 0;
  serveCall(services.bus, privateCalls.repair, 'private-chat', async () => {
    asked += 1;
    if (asked === 1) throw new TeahouseError('UNAVAILABLE');
    return { messages: [message], more: false };
  });
  const heads = new TextEncoder().encode(JSON.stringify({ heads: [[5, 6, 1]] }));
  services.bus.publish(subjects.privateHeads, heads);
  await until(() => socket.frames.some(({ content }) => content === message.content));
});
