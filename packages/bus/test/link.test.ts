import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NatsConnection } from 'nats';
import t from 'tap';
import { Link } from '../dist/nats/link.js';

/** A link over a client that writes once a microtask, as the library does, and what each write to the socket held. */
function linked() {
  const writes: string[] = [];
  const socket = new Writable({
    write(chunk, _encoding, done) {
      writes.push(String(chunk));
      done();
    },
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => String(chunk)).join(' '));
      done();
    },
  });
  let pending = '';
  const client = {
    protocol: { transport: { socket } },
    async *status() {},
    publish(subject: string) {
      if (pending === '')
        queueMicrotask(() => {
          socket.write(pending);
          pending = '';
        });
      pending += subject;
    },
  };
  const link = new Link(client as unknown as NatsConnection, 'test', undefined);
  return { writes, link, send: (subject: string) => link.send(subject, new Uint8Array()) };
}

const someMicrotasks = async () => {
  for (let i = 0; i < 5; i += 1) await undefined;
};

t.test('events and the answer leave in one write, and nothing waits for what comes after', async (t) => {
  const { writes, link, send } = linked();
  const batch = async (name: string) => {
    link.hold();
    send(`${name}1`);
    await someMicrotasks();
    link.hold();
    send(`${name}2`);
    await someMicrotasks();
    send(`${name}!`);
    link.release();
  };
  await batch('a');
  await someMicrotasks();
  t.strictSame(writes, ['a1 a2 a!']);
  send('b');
  await someMicrotasks();
  t.strictSame(writes, ['a1 a2 a!', 'b'], 'what follows is not held');
  await batch('c');
  await nextTurn();
  t.strictSame(writes.slice(2), ['c1 c2 c!']);
});

t.test('without an answer events leave when all is done that was ready', async (t) => {
  const { writes, link, send } = linked();
  const told = new Promise<string[]>((resolve) => process.nextTick(() => setImmediate(() => resolve([...writes]))));
  await undefined;
  link.hold();
  send('a');
  await someMicrotasks();
  send('b');
  await someMicrotasks();
  t.strictSame(writes, []);
  t.strictSame(await told, ['a b']);
});

t.test('an answer does not end what is gathered for a whole turn', async (t) => {
  const { writes, link, send } = linked();
  link.gather();
  send('small');
  await someMicrotasks();
  link.hold();
  send('answer');
  link.release();
  await someMicrotasks();
  t.strictSame(writes, []);
  await nextTurn();
  await nextTurn();
  t.strictSame(writes, ['small answer']);
});
