import { connect, createServer, type Socket } from 'node:net';

/** Where the proxy cuts a connection whose client sends a packet that holds the text `at`. */
export interface Cut {
  readonly at: string;
  /** `before`: the server never gets that packet. `after`: it gets it, and the client never hears the answer. */
  readonly when: 'before' | 'after';
}

export interface Proxy {
  readonly url: string;
  /** The next packet that fits is cut, once. */
  cutNext(cut: Cut): void;
  /** The next packet of a client that holds this text stays here, until the function that is returned lets it go on. */
  holdNext(at: string): () => void;
  close(): Promise<void>;
}

/** Stands between a client and a database server, to lose connections at a chosen moment. */
export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const url = new URL(target);
  const sockets = new Set<Socket>();
  let cut: Cut | undefined;
  let holdAt: string | undefined;
  let goOn = () => {};
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let lost = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.on('close', () => lost || upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.on('data', (data) => {
      if (holdAt !== undefined && data.includes(holdAt)) {
        holdAt = undefined;
        goOn = () => upstream.write(data);
        return;
      }
      const now = cut && data.includes(cut.at) ? cut : undefined;
      if (now) {
        cut = undefined;
        lost = true;
        client.destroy();
        if (now.when === 'before') upstream.destroy();
        // Left open until the server has answered: one that finds its client gone may stop at once.
        else upstream.once('data', () => upstream.destroy());
      }
      if (now?.when !== 'before') upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!lost) client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url.port = String(typeof address === 'object' && address ? address.port : 0);
  return {
    url: url.href,
    cutNext(next) {
      cut = next;
    },
    holdNext(at) {
      holdAt = at;
      return () => goOn();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
