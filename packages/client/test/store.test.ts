import 'fake-indexeddb/auto';
import {
  ChatClient,
  type ChatStore,
  indexedDbStore,
  memoryStore,
  type ReceivedMessage,
  type UserStore,
} from '@teahouse/client';
import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { ack, FakeServer, groupMessage, stored } from './fake-server.js';

/** As much of Web Locks as the store uses: named, exclusive, told of by `query`. */
class Locks {
  readonly #ends = new Map<string, Promise<unknown>>();
  readonly #held = new Set<string>();

  async request<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#ends.get(name) ?? Promise.resolve();
    const result = before.then(() => {
      this.#held.add(name);
      return work();
    });
    const end = result.finally(() => this.#held.delete(name));
    this.#ends.set(
      name,
      end.catch(() => {}),
    );
    return await end;
  }

  async query() {
    return { held: [...this.#held].map((name) => ({ name })) };
  }

  /** What happens to the locks of a tab that crashes. */
  crash(): void {
    this.#held.clear();
  }
}

const locks = new Locks();
Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });

const place = { groupId: 1 };
const outgoing = (clientId: string, since = Date.now()) => ({ clientId, place, content: clientId, since });
const message = (seq: number, fields: object = {}) => groupMessage(seq, fields) as unknown as ReceivedMessage;
const ids = (list: { clientId: string }[]) => list.map(({ clientId }) => clientId).sort();

/** What every store promises. */
async function keepsItsWord(t: Test, store: ChatStore): Promise<void> {
  const [one, two, other] = [await store.open(1), await store.open(1), await store.open(2)];
  await one.put(outgoing('a'));
  await one.put(outgoing('b'));
  await two.put(outgoing('c'));
  await one.remove('b');
  t.strictSame(await two.adopt(), [], 'what a living client sends is nobody else’s');
  await one.close();
  t.strictSame(await other.adopt(), [], 'nor another user’s');
  const three = await store.open(1);
  const both = await Promise.all([two.adopt(), three.adopt()]);
  t.strictSame(
    both.flat().map(({ content }) => content),
    ['a'],
    'of two that ask at once one gets it',
  );

  const failed = { ...outgoing('f'), failed: { code: 'GROUP_MUTED', message: 'no' } };
  await two.put(outgoing('f'));
  await two.put(failed);
  await two.close();
  const left = (await three.adopt()).find(({ clientId }) => clientId === 'f');
  t.strictSame({ ...left, since: 0 }, { ...failed, since: 0 }, 'what failed says why');
  await three.remove('f');

  const four = await store.open(1);
  await three.keep(place, [message(1), message(2), message(3)]);
  await four.keep(place, [message(4, { kind: 'notice', content: '', notice: { event: 'recalled', seq: 2 } })]);
  const kept = await three.recent(place);
  t.strictSame(
    kept.map(({ seq, content, recalled }) => [seq, content, recalled]),
    [
      [1, 'm1', undefined],
      [2, '', true],
      [3, 'm3', undefined],
      [4, '', undefined],
    ],
  );
  await four.keep(place, [message(7), message(8)]);
  t.strictSame(
    (await three.recent(place)).map(({ seq }) => seq),
    [7, 8],
    'nothing before a hole',
  );
  await four.keep(
    place,
    Array.from({ length: 500 }, (_, index) => message(9 + index)),
  );
  t.strictSame(
    (await three.recent(place)).map(({ seq }) => seq),
    Array.from({ length: 200 }, (_, index) => 309 + index),
  );
  t.strictSame(await other.recent(place), []);
  await four.clear();
  await four.close();
  t.strictSame([await three.adopt(), await three.recent(place)], [[], []]);
  await three.close();
  await other.close();
}

t.test('in memory', (t) => keepsItsWord(t, memoryStore()));

t.test('in IndexedDB', (t) => keepsItsWord(t, indexedDbStore({ name: 'promises' })));

t.test('in IndexedDB, what a tab that crashed left is adopted', async (t) => {
  const store = indexedDbStore({ name: 'crash' });
  const one = await store.open(1);
  await one.put(outgoing('a'));
  await one.put(outgoing('b'));
  locks.crash();
  const two = await store.open(1);
  t.strictSame(ids(await two.adopt()), ['a', 'b']);
  await two.close();
});

t.test('without Web Locks, a minute later', async (t) => {
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  t.teardown(() => Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true }));
  const store = indexedDbStore({ name: 'lockless' });
  const one = await store.open(1);
  await one.put(outgoing('old', Date.now() - 61_000));
  await one.put(outgoing('new'));
  const two = await store.open(1);
  t.strictSame(ids(await two.adopt()), ['old']);
  await one.close();
  await two.close();
});

async function connected(t: Test, server: FakeServer, store: ChatStore, lastSeq: number) {
  const client = new ChatClient({ username: 'me', password: '123456', url: server.url, store });
  t.teardown(() => client.close());
  const ready = client.connect();
  const visitor = await server.visitor();
  await visitor.login({ lastSeq });
  await ready;
  return { client, visitor };
}

t.test('the next client sends first what the one before left, with the same clientId', async (t) => {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  const store = indexedDbStore({ name: 'next' });
  const before = await connected(t, server, store, 3);
  const left = before.client.send(place, 'first', { clientId: 'id9' });
  before.client.post(place, 'second', 'id8');
  t.match(await before.visitor.next(), { content: 'first', clientId: 'id9' });
  before.visitor.send({ ...groupMessage(4), from: 2 });
  await before.client.once('groupMessage');
  const refused = t.rejects(left, { code: 'CLOSED' });
  await before.client[Symbol.asyncDispose]();
  await refused;

  const { client, visitor } = await connected(t, server, store, 4);
  client.post(place, 'third', 'id7');
  for (const [index, content] of ['first', 'second', 'third'].entries()) {
    const frame = await visitor.next();
    t.match(frame, { content, clientId: `id${9 - index}` });
    visitor.send(ack(frame, stored(5 + index)));
  }
  await eventually(() => client.outgoing().length === 0, 10_000, 'all sent');
  t.strictSame(
    (await client.recent(place)).map(({ seq }) => seq),
    [4, 5, 6, 7],
  );
  await client[Symbol.asyncDispose]();
  t.strictSame(await (await store.open(7)).adopt(), [], 'nothing is left');
});

t.test('what an outbox that is full has no room for is sent later', async (t) => {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  const { setInterval: begin } = globalThis;
  t.teardown(() => {
    globalThis.setInterval = begin;
  });
  let lookAgain = () => {};
  globalThis.setInterval = ((work: () => void, ms: number) => {
    if (ms === 30_000) lookAgain = work;
    return begin(work, ms);
  }) as typeof setInterval;
  const store = memoryStore();
  const before = await store.open(7);
  await before.put(outgoing('left'));
  await before.close();

  const client = new ChatClient({ username: 'me', password: '123456', url: server.url, store });
  t.teardown(() => client.close());
  for (let number = 1; number <= 1_000; number++) client.post({ with: number + 10 }, 'x');
  const ready = client.connect();
  const visitor = await server.visitor();
  await visitor.login();
  await ready;
  const first = await visitor.next();
  t.equal(client.outgoing(place).length, 0, 'no room');
  visitor.send(ack(first, stored(1)));
  await eventually(() => client.outgoing().length === 999, 5_000, 'one is sent');
  lookAgain();
  await eventually(() => client.outgoing(place).length === 1, 5_000, 'taken');
  for (let number = 2; number <= 1_000; number++) await visitor.next();
  t.match(await visitor.next(), { content: 'left', clientId: 'left' });
});

t.test('what failed is still there for the next client, to be tried again or discarded', async (t) => {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  const store = indexedDbStore({ name: 'failed' });
  const before = await connected(t, server, store, 0);
  for (const clientId of ['id1', 'id2']) {
    before.client.post(place, clientId, clientId);
    const { ref } = await before.visitor.next();
    before.visitor.send({ type: 'error', ref, code: 'MEMBER_MUTED', message: 'no', retryable: false });
  }
  await eventually(() => before.client.outgoing().every(({ state }) => state === 'failed'), 10_000, 'refused');
  await before.client[Symbol.asyncDispose]();

  const { client, visitor } = await connected(t, server, store, 0);
  await eventually(() => client.outgoing().length === 2, 10_000, 'adopted');
  t.match(client.outgoing(), [
    { clientId: 'id1', state: 'failed', place, content: 'id1', error: { code: 'MEMBER_MUTED', message: 'no' } },
    { clientId: 'id2', state: 'failed' },
  ]);
  t.equal(visitor.unread, 0, 'nobody asked for another try');
  t.equal(client.discard('id2'), true);
  t.equal(client.retry('id1'), true);
  const frame = await visitor.next();
  t.match(frame, { content: 'id1', clientId: 'id1' });
  visitor.send(ack(frame, stored(1)));
  await eventually(() => client.outgoing().length === 0, 10_000, 'sent');
  await client[Symbol.asyncDispose]();
  t.strictSame(await (await store.open(7)).adopt(), [], 'nothing is left');
});

t.test('a store that is full is told of once, and the client goes on', async (t) => {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  const inner = memoryStore();
  const full = async () => {
    throw new Error('no space');
  };
  const store: ChatStore = { open: async (userId) => ({ ...(await inner.open(userId)), put: full, remove: full }) };
  const { client, visitor } = await connected(t, server, store, 0);
  const errors: unknown[] = [];
  client.on('error', (error) => errors.push(error));
  for (const seq of [1, 2, 3]) {
    const sent = client.sendToGroup(`${seq}`);
    visitor.send(ack(await visitor.next(), stored(seq)));
    t.match(await sent, { seq });
  }
  t.strictSame(
    (await client.recent(place)).map(({ seq }) => seq),
    [1, 2, 3],
    'what it takes is kept',
  );
  t.match(errors, [{ message: 'no space' }]);
  t.equal(errors.length, 1);
});

t.test('a store that fails or hangs stops nobody', async (t) => {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  const broken = async () => {
    throw new Error('no space');
  };
  const never = () => new Promise<UserStore>(() => {});
  for (const open of [broken, never]) {
    const errors: unknown[] = [];
    const client = new ChatClient({ username: 'me', password: '123456', url: server.url, store: { open } });
    t.teardown(() => client.close());
    client.on('error', (error) => errors.push(error));
    const ready = client.connect();
    const visitor = await server.visitor();
    await visitor.login();
    await ready;
    const sent = client.sendToGroup('all the same');
    visitor.send(ack(await visitor.next(), stored(1)));
    t.match(await sent, { seq: 1 });
    t.strictSame(await client.recent(place), []);
    const message = open === broken ? 'no space' : 'The store does not answer; nothing is kept from now on.';
    t.match(errors, [{ message }]);
    t.equal(errors.length, 1);
  }
});

const seqs = async (store: ChatStore) => (await (await store.open(7)).recent(place)).map(({ seq }) => seq);

for (const [name, store] of Object.entries({ memory: memoryStore(), IndexedDB: indexedDbStore({ name: 'forget' }) }))
  t.test(`forget after close leaves nothing in ${name}`, async (t) => {
    const server = await FakeServer.start();
    t.teardown(() => server.close());
    const { client, visitor } = await connected(t, server, store, 0);
    visitor.send(groupMessage(1));
    await client.once('groupMessage');
    client.post(place, 'unsent', 'id1');
    await client[Symbol.asyncDispose]();
    t.strictSame(await seqs(store), [1]);
    await client.forget();
    const left = await store.open(7);
    t.strictSame([await left.recent(place), await left.adopt()], [[], []]);
    await left.close();
  });

t.test('what is delivered or sent while or after it forgets is not kept', async (t) => {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  const inner = memoryStore();
  let clear = () => {};
  const clearing = new Promise<void>((resolve) => {
    clear = resolve;
  });
  const store: ChatStore = {
    open: async (userId) => {
      const opened = await inner.open(userId);
      return { ...opened, clear: () => clearing.then(() => opened.clear()) };
    },
  };
  const { client, visitor } = await connected(t, server, store, 0);
  visitor.send(groupMessage(1));
  await client.once('groupMessage');
  const forgotten = client.forget();
  visitor.send(groupMessage(2));
  await client.once('groupMessage');
  client.post(place, 'unsent', 'id1');
  clear();
  await forgotten;
  visitor.send(groupMessage(3));
  await client.once('groupMessage');
  await client[Symbol.asyncDispose]();
  const left = await inner.open(7);
  t.strictSame([await left.recent(place), await left.adopt()], [[], []]);
});

t.test('forget rejects where the store failed, and may be tried again', async (t) => {
  const server = await FakeServer.start();
  t.teardown(() => server.close());
  const inner = memoryStore();
  let broken = true;
  const store: ChatStore = {
    open: async (userId) => {
      const opened = await inner.open(userId);
      const clear = async () => {
        if (broken) throw new Error('disk');
        await opened.clear();
      };
      return { ...opened, clear };
    },
  };
  const { client, visitor } = await connected(t, server, store, 0);
  visitor.send(groupMessage(1));
  await client.once('groupMessage');
  t.match(await client.recent(place), [{ seq: 1 }]);
  await t.rejects(client.forget(), { message: 'disk' });
  broken = false;
  await client.forget();
  t.strictSame(await seqs(inner), []);
});
