import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import t from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';
import { WireSocket } from '../dist/wire.js';

const SIZES = [0, 1, 125, 126, 127, 4096, 65_535, 65_536, 300_000];

async function wsServer(onSocket: (socket: WebSocket) => void): Promise<{ url: string; close(): void }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', onSocket);
  await once(server, 'listening');
  const close = () => {
    for (const client of server.clients) client.terminate();
    server.close();
  };
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

/** Passes on what `url`'s server says in pieces of `size` bytes, so that frames are cut everywhere. */
async function inPieces(url: string, size: number): Promise<{ url: string; close(): void }> {
  const target = new URL(url);
  const proxy = createServer({ noDelay: true }, (socket) => {
    const upstream = connect(Number(target.port), target.hostname);
    socket.on('error', () => upstream.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
    upstream.on('end', () => socket.end());
    socket.pipe(upstream);
    upstream.on('data', async (data) => {
      upstream.pause();
      for (let at = 0; at < data.length; at += size) {
        socket.write(data.subarray(at, at + size));
        await new Promise(setImmediate);
      }
      upstream.resume();
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { url: `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}/`, close: () => proxy.close() };
}

t.test('frames of every size arrive whole, however the stream is cut', async (t) => {
  const server = await wsServer((socket) => {
    for (const size of SIZES) socket.send('x'.repeat(size));
    socket.send('last');
  });
  t.teardown(server.close);
  for (const size of [7, 977, 4096, 1_000_000]) {
    const proxy = await inPieces(server.url, size);
    t.teardown(proxy.close);
    const seen: number[] = [];
    let text = '';
    await new Promise<void>((resolve, reject) => {
      WireSocket.open(
        proxy.url,
        (buffer, start, end) => {
          text = buffer.toString('latin1', start, end);
          if (text === 'last') resolve();
          else seen.push(/^x*$/.test(text) ? text.length : -1);
        },
        (reason) => reject(new Error(reason)),
      ).then((wire) => t.teardown(() => wire.close()), reject);
    });
    t.same(seen, SIZES, `in pieces of ${size}`);
  }
});

t.test('what is sent arrives masked and whole, pings are answered, a close is reported with its code', async (t) => {
  const heard: string[] = [];
  const server = await wsServer((socket) => {
    socket.on('message', (data, binary) => {
      heard.push(`${binary}:${data.toString().length}`);
      if (heard.length === 3) socket.ping('still there?');
    });
    socket.on('pong', (data) => {
      heard.push(data.toString());
      socket.close(4401, 'go away');
    });
  });
  t.teardown(server.close);
  const closed = new Promise<string>((resolve, reject) => {
    WireSocket.open(server.url, () => {}, resolve).then((wire) => {
      for (const size of [5, 126, 60_000]) wire.send('é'.repeat(size / 2) + 'x'.repeat(size % 2));
    }, reject);
  });
  t.match(await closed, /4401/);
  t.same(heard, ['false:3', 'false:63', 'false:30000', 'still there?']);
});

t.test('a server that refuses the upgrade is an error', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await t.rejects(
    WireSocket.open(
      url,
      () => {},
      () => {},
    ),
    /403 Forbidden/,
  );
});
