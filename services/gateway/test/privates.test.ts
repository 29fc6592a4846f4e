import { setTimeout as delay } from 'node:timers/promises';
import { type Bus, type BusStatus, createMemoryHub, serveCall } from '@teahouse/bus';
import {
  type ConversationSummary,
  encodeEvent,
  groupCalls,
  type PrivateMessage,
  privateCalls,
  subjects,
  TeahouseError,
} from '@teahouse/contracts';
import { createLog } from '@teahouse/service-kit';
import { eventually } from '@teahouse/test';
import t from 'tap';
import { Hub, type Lists } from '../dist/hub/index.js';
import { FakeSocket } from './fake-socket.js';

type Tap = { teardown(work: () => Promise<void>): void };
const until = (check: () => boolean) => eventually(check, 5000, 'it came');

/** Something that is waited for until it is let go. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** What user 5 has with others, as private-chat keeps it, and a hub in which they log in. */
function setUp(t: Tap) {
  const memory = createMemoryHub();
  const bus = memory.connect('services');
  const own = memory.connect('gateway');
  const hears: ((status: BusStatus) => void)[] = [];
  // The bus in memory never fails; this one does when told.
  const failing = new Proxy(own, {
    get(target, name) {
      if (name === 'onStatus')
        return (hear: (status: BusStatus) => void) => {
          hears.push(hear);
          return () => {};
        };
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as Bus;
  const logs = new Map<number, PrivateMessage[]>();
  const state = {
    /** while the groups are read */
    groups: Promise.resolve(),
    groupsRead: 0,
    listsRead: 0,
    repairs: 0,
    repair: Promise.resolve(),
    /** between what a list says and its arrival */
    whileListed: async () => {},
    /** peers that are beyond the newest 100 until something happens there */
    old: new Set<number>(),
    moved: [] as { userIds: number[]; since: number }[],
    answerMoved: (): [number, number, number][] => [],
  };
  const log = (peer: number): PrivateMessage[] => {
    const messages = logs.get(peer) ?? [];
    logs.set(peer, messages);
    return messages;
  };
  const summary = (peer: number): ConversationSummary => ({
    userId: peer,
    username: `player${peer}`,
    nickname: `player${peer}`,
    lastSeq: log(peer).length,
    readSeq: 0,
    peerReadSeq: 0,
  });
  serveCall(bus, groupCalls.sessions, 'group-chat', async ({ userIds }) => {
    state.groupsRead += 1;
    await state.groups;
    return { sessions: userIds.map((userId) => ({ userId, groups: [] })) };
  });
  serveCall(bus, privateCalls.sessions, 'private-chat', async ({ userIds }) => {
    state.listsRead += 1;
    const conversations = [...logs.keys()].filter((peer) => !state.old.has(peer)).map(summary);
    await state.whileListed();
    return { sessions: userIds.map((userId) => ({ userId, conversations, more: false })) };
  });
  serveCall(bus, privateCalls.moved, 'private-chat', async (request) => {
    state.moved.push(request);
    return { heads: state.answerMoved() };
  });
  serveCall(bus, privateCalls.repair, 'private-chat', async ({ users, afterSeq, beforeSeq, limit }) => {
    state.repairs += 1;
    await state.repair;
    const messages = log(users.find((id) => id !== 5) ?? 0);
    const page =
      beforeSeq === undefined
        ? messages.slice(afterSeq, (afterSeq ?? 0) + limit)
        : messages.slice(Math.max(0, beforeSeq - 1 - limit), beforeSeq - 1);
    return { messages: page, more: false };
  });
  /** Peers write to user 5; the event is returned. */
  const store = (peer: number, count = 1, createTime = new Date().toISOString()): Uint8Array => {
    const messages = log(peer);
    const first = messages.length + 1;
    const stored = Array.from({ length: count }, (_, index): PrivateMessage => {
      const seq = first + index;
      const id = `01890a5d-ac96-774b-bcce-${String(seq).padStart(12, '0')}`;
      return { from: peer, to: 5, id, seq, content: `m${seq}`, kind: 'normal', createTime };
    });
    messages.push(...stored);
    state.old.delete(peer);
    const users: [number, number] = peer < 5 ? [peer, 5] : [5, peer];
    return encodeEvent(
      { kind: 'run', users, first, senders: stored.map(() => '') },
      stored.map((message) => JSON.stringify({ type: 'privateMessage', ...message })),
    );
  };
  const publish = (event: Uint8Array) => bus.publish(subjects.user(5, 'private'), event);
  const hub = new Hub({ bus: failing, log: createLog({ name: 'privates-test', level: 'silent' }), cameIn: () => {} });
  t.teardown(async () => {
    hub.close();
    await own.close();
    await bus.close();
  });
  let marks = 0;
  const enter = (id: string) => {
    const socket = new FakeSocket(id, 5);
    let lists: Lists | undefined;
    const done = hub.enter(socket, (told) => {
      lists = told;
    });
    return { socket, done, told: () => lists?.conversations.map(({ userId, lastSeq }) => [userId, lastSeq]) };
  };
  /** What was published for user 5 before has been heard. */
  const heard = async () => {
    marks += 1;
    const mark = `mark.${marks}`;
    await new Promise<void>((resolve) => {
      own.subscribe(mark, () => resolve());
      bus.publish(mark, new Uint8Array());
    });
  };
  const turn = (status: BusStatus) => {
    for (const hear of hears) hear(status);
  };
  return { hub, state, store, publish, enter, heard, turn };
}

const seqs = (socket: FakeSocket) =>
  socket.frames.filter(({ type }) => type === 'privateMessage').map(({ seq }) => seq);

t.test('the first message to somebody who is just logging in is in the list that ready tells', async (t) => {
  const { hub, state, store, publish, enter, heard } = setUp(t);
  const slow = gate();
  state.groups = slow.opened;
  const { socket, done, told } = enter('a');
  await until(() => state.listsRead === 1 && state.groupsRead === 1);
  publish(store(2));
  await heard();
  slow.open();
  await done;
  t.same(told(), [[2, 1]]);
  t.equal(state.listsRead, 2);
  publish(store(2));
  await until(() => seqs(socket).length > 0);
  t.same(seqs(socket), [2], 'told once: by the list, or as a frame');
  t.same(hub.headsFor(socket), { groups: {}, users: { 2: 2 } });
});

t.test('a second connection is told of a conversation that began while it came', async (t) => {
  const { state, store, publish, enter } = setUp(t);
  const first = enter('a');
  await first.done;
  const slow = gate();
  state.groups = slow.opened;
  const second = enter('b');
  await until(() => state.listsRead === 2 && state.groupsRead === 2);
  publish(store(2));
  await until(() => seqs(first.socket).length === 1);
  slow.open();
  await second.done;
  t.same(second.told(), [[2, 1]]);
  t.same(seqs(second.socket), []);
});

t.test('an old conversation in which something happens while somebody comes is told', async (t) => {
  const { state, store, publish, enter } = setUp(t);
  const first = enter('a');
  await first.done;
  store(2, 4, '2020-01-01T00:00:00.000Z');
  state.old.add(2);
  const slow = gate();
  state.groups = slow.opened;
  const second = enter('b');
  await until(() => state.listsRead === 2 && state.groupsRead === 2);
  publish(store(2));
  await until(() => seqs(first.socket).length === 1);
  slow.open();
  await second.done;
  t.same(second.told(), [[2, 5]]);
  t.same(seqs(first.socket), [5]);
});

t.test('what moves at each reading of the list is told by the first heartbeat', async (t) => {
  const { hub, state, store, publish, enter, heard } = setUp(t);
  state.whileListed = async () => {
    publish(store(100 + state.listsRead));
    await heard();
  };
  const { socket, done, told } = enter('a');
  await done;
  const peers = Array.from({ length: state.listsRead }, (_, index) => 101 + index);
  t.ok(state.listsRead > 1 && state.listsRead < 10, 'it is not read for ever');
  t.same(
    told(),
    peers.slice(0, -1).map((peer) => [peer, 1]),
  );
  t.match(hub.headsFor(socket), { users: { [peers.at(-1) as number]: 1 } });
  t.equal(hub.headsFor(socket), undefined, 'once');
});

t.test('who logs in again while the place in an old conversation is asked for hears what comes', async (t) => {
  const { hub, state, store, publish, enter } = setUp(t);
  store(2, 3, '2020-01-01T00:00:00.000Z');
  state.old.add(2);
  const first = enter('a');
  await first.done;
  const slow = gate();
  state.repair = slow.opened;
  publish(store(2));
  await until(() => state.repairs === 1);
  hub.leave(first.socket);
  state.whileListed = async () => {
    publish(store(2));
    await until(() => state.repairs === 2);
  };
  const second = enter('b');
  await second.done;
  t.same(second.told(), [[2, 4]]);
  slow.open();
  await until(() => seqs(second.socket).length > 0);
  t.same(seqs(second.socket), [5]);
  t.same(seqs(first.socket), []);
});

t.test(
  'while the place in a conversation is asked for no more than 1,000 frames are held, and none is lost',
  async (t) => {
    const { state, store, publish, enter, heard } = setUp(t);
    store(2, 3, '2020-01-01T00:00:00.000Z');
    state.old.add(2);
    const { socket, done } = enter('a');
    await done;
    const slow = gate();
    state.repair = slow.opened;
    for (let events = 0; events < 3; events += 1) publish(store(2, 400));
    await heard();
    slow.open();
    await until(() => seqs(socket).length === 1200);
    t.same(
      seqs(socket),
      Array.from({ length: 1200 }, (_, index) => 4 + index),
    );
    t.ok(state.repairs > 1, 'what was not held was fetched');
  },
);

t.test('what was said in private while the gateway was cut off is asked for until it is answered', async (t) => {
  const { hub, state, store, enter, turn } = setUp(t);
  store(2);
  const { socket, done } = enter('a');
  await done;
  const cutAt = Date.now();
  turn('disconnected');
  store(2);
  let silent = 2;
  state.answerMoved = () => {
    silent -= 1;
    if (silent >= 0) throw new TeahouseError('UNAVAILABLE');
    return [[2, 5, 2]];
  };
  await delay(20);
  turn('connected');
  await until(() => state.moved.length === 1);
  turn('disconnected');
  turn('connected');
  await until(() => seqs(socket).length === 1);
  t.same(seqs(socket), [2]);
  t.ok(state.moved.length >= 3);
  t.ok(
    state.moved.every(({ since }) => since <= cutAt),
    'from before the first cut',
  );
  t.match(hub.headsFor(socket), { users: { 2: 2 } });
});

t.test('a hub that was closed asks for nothing more', async (t) => {
  const { hub, state, enter, turn } = setUp(t);
  await enter('a').done;
  state.answerMoved = () => {
    throw new TeahouseError('UNAVAILABLE');
  };
  turn('disconnected');
  turn('connected');
  await until(() => state.moved.length === 2);
  hub.close();
  await delay(1200);
  t.equal(state.moved.length, 2);
});
