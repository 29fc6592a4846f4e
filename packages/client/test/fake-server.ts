import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export type Frame = Record<string, unknown> & { type: string };

/** One connection as the server sees it: the test plays the server. */
export class Visitor {
  readonly #socket: WebSocket;
  readonly #frames: Frame[] = [];
  readonly #waiting: ((frame: Frame) => void)[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.type === 'heartbeat') return;
      const waiter = this.#waiting.shift();
      if (waiter) waiter(frame);
      else this.#frames.push(frame);
    });
  }

  /** The next frame that the client sent, heartbeats left out. */
  next(): Promise<Frame> {
    const frame = this.#frames.shift();
    return frame ? Promise.resolve(frame) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  get unread(): number {
    return this.#frames.length;
  }

  send(frame: Frame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** The other side has gone, after everything that it sent. */
  async ended(): Promise<void> {
    if (this.#socket.readyState !== this.#socket.CLOSED) await once(this.#socket, 'close');
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  cut(): void {
    this.#socket.terminate();
  }

  /** Takes the `init` frame and answers it; user 7 in group 1 unless told. */
  async login(
    lists: { userId?: number; lastSeq?: number; conversations?: object[]; moreConversations?: true } = {},
  ): Promise<Frame> {
    const init = await this.next();
    this.send({
      type: 'ready',
      user: { id: lists.userId ?? 7, username: 'me', nickname: 'me', role: 'user' },
      connectionId: 'c1',
      heartbeatIntervalMs: 50,
      heartbeatTimeoutMs: 120_000,
      groups: [
        {
          id: 1,
          groupNumber: 10000,
          groupName: '官方群',
          state: 'normal',
          rights: 'member',
          lastSeq: lists.lastSeq ?? 0,
          readSeq: 0,
        },
      ],
      conversations: lists.conversations ?? [],
      ...(lists.moreConversations ? { moreConversations: true } : {}),
    });
    return init;
  }
}

export class FakeServer {
  readonly #server: WebSocketServer;
  readonly #visitors: Visitor[] = [];
  readonly #waiting: ((visitor: Visitor) => void)[] = [];

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket) => {
      const visitor = new Visitor(socket);
      const waiter = this.#waiting.shift();
      if (waiter) waiter(visitor);
      else this.#visitors.push(visitor);
    });
  }

  static async start(): Promise<FakeServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return new FakeServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  visitor(): Promise<Visitor> {
    const visitor = this.#visitors.shift();
    return visitor ? Promise.resolve(visitor) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A message of group 1 by user 2, as it travels. */
export function groupMessage(seq: number, fields: object = {}): Frame {
  return {
    type: 'groupMessage',
    groupId: 1,
    id: `01890a5d-ac96-774b-bcce-${String(seq).padStart(12, '0')}`,
    seq,
    from: 2,
    content: `m${seq}`,
    kind: 'normal',
    createTime: '2026-11-22T08:00:00.000Z',
    ...fields,
  };
}

export function ack(frame: Frame, fields: object): Frame {
  return { type: 'ack', ref: frame.ref, ...fields };
}

export function stored(seq: number): object {
  const { id, createTime } = groupMessage(seq);
  return { id, seq, createTime };
}
