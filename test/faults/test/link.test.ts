import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { Link } from '../dist/link.js';

/** A client whose words go through a link to a server that keeps them. */
async function talk(t: Test) {
  let heard = '';
  const server = createServer((socket: Socket) => {
    socket.on('data', (data) => {
      heard += data.toString();
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const link = await Link.open(() => port);
  const client = connect(link.port, '127.0.0.1');
  client.setNoDelay(true);
  client.on('error', () => {});
  await once(client, 'connect');
  t.teardown(async () => {
    client.destroy();
    await link.close();
    server.close();
  });
  const says = (words: string) => eventually(() => heard === words, 5_000, `${words}, not ${heard}`);
  return { link, client, says, heard: () => heard };
}

/** Keeps this process from noticing that time goes by, as on a machine that is busy. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

t.test('what is delayed is not overtaken, even where its timer is late', async (t) => {
  const { link, client, says } = await talk(t);
  client.write('a');
  await says('a');
  link.delay(30);
  client.write('b');
  await new Promise((resolve) => setTimeout(resolve, 5));
  link.heal();
  client.write('c');
  block(60);
  client.write('d');
  await says('abcd');
});

t.test('what is held comes when it is healed', async (t) => {
  const { link, client, says, heard } = await talk(t);
  client.write('a');
  await says('a');
  link.hold();
  client.write('b');
  await new Promise<void>((resolve) => client.write('c', () => resolve()));
  t.equal(heard(), 'a');
  link.heal();
  await says('abc');
});

t.test('a cut resets the connection, and the next one is taken', async (t) => {
  const { link, client, says } = await talk(t);
  client.write('a');
  await says('a');
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  link.cut();
  await closed;
  const next = connect(link.port, '127.0.0.1');
  t.teardown(() => next.destroy());
  next.write('b');
  await says('ab');
});
