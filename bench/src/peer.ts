import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPool, type ResultSetHeader } from 'mysql2/promise';
import { Server, type Socket } from 'socket.io';

/** What every message of the peer is delivered as. */
interface StoredMessage {
  seq: number;
  conversation: string;
  from: number;
  content: string;
  createTime: number;
}

/** Stores one message and returns its position; resolves only once it is committed. */
export type Store = (conversation: string, sender: number, content: string, createTime: number) => Promise<number>;

type Ack = (answer: { seq?: number; error?: string }) => void;

const MAX_CONTENT = 4096;
// As a chat does it: clustered by conversation, so that a page of history is one range of the primary key.
const TABLE = `CREATE TABLE IF NOT EXISTS message (
  conversation VARCHAR(48) CHARACTER SET ascii NOT NULL,
  seq BIGINT NOT NULL AUTO_INCREMENT,
  sender BIGINT NOT NULL,
  content VARCHAR(4096) CHARACTER SET utf8mb4 NOT NULL,
  createTime BIGINT NOT NULL,
  PRIMARY KEY (conversation, seq),
  KEY (seq)
) ENGINE=InnoDB`;

/** The peer's table in MariaDB: a prepared statement for each message on a pool of ten, autocommit. */
export async function openStore(url: string): Promise<{ store: Store; close(): Promise<void> }> {
  const pool = createPool({ uri: url, connectionLimit: 10 });
  await pool.query(TABLE);
  return {
    async store(conversation, sender, content, createTime) {
      const [result] = await pool.execute<ResultSetHeader>(
        'INSERT INTO message (conversation, sender, content, createTime) VALUES (?, ?, ?, ?)',
        [conversation, sender, content, createTime],
      );
      return result.insertId;
    },
    close: () => pool.end(),
  };
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isContent(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_CONTENT;
}

/** Answers when `work` is done, or with its error; nothing is thrown into socket.io. */
function answering(ack: Ack, work: () => Promise<{ seq?: number }>): void {
  work().then(ack, (error: unknown) => ack({ error: error instanceof Error ? error.message : 'failed' }));
}

function serve(socket: Socket, store: Store): void {
  const userId = socket.data.userId as number;
  const send = async (conversation: string, rooms: string[], content: string) => {
    const createTime = Date.now();
    const seq = await store(conversation, userId, content, createTime);
    const message: StoredMessage = { seq, conversation, from: userId, content, createTime };
    socket.to(rooms).emit('message', message);
    return { seq };
  };
  void socket.join(`user:${userId}`);
  socket.on('join', ({ groupId }: { groupId: unknown }, ack: Ack) => {
    answering(ack, async () => {
      if (!isId(groupId)) throw new Error('BAD_REQUEST');
      await socket.join(`group:${groupId}`);
      return {};
    });
  });
  socket.on('groupMessage', ({ groupId, content }: { groupId: unknown; content: unknown }, ack: Ack) => {
    answering(ack, async () => {
      if (!isId(groupId) || !isContent(content)) throw new Error('BAD_REQUEST');
      const room = `group:${groupId}`;
      if (!socket.rooms.has(room)) throw new Error('NOT_A_MEMBER');
      return send(`g:${groupId}`, [room], content);
    });
  });
  socket.on('privateMessage', ({ to, content }: { to: unknown; content: unknown }, ack: Ack) => {
    answering(ack, async () => {
      if (!isId(to) || !isContent(content)) throw new Error('BAD_REQUEST');
      return send(`p:${Math.min(userId, to)}:${Math.max(userId, to)}`, [`user:${to}`], content);
    });
  });
}

/**
 * A chat on socket.io as a good team writes it: WebSocket alone, no compression, rooms, each message stored before it
 * is sent to the room and acked. Who connects is believed (`auth.userId`), which is in the peer's favour.
 *
 * @param port 0 for any free one
 */
export async function startPeer(store: Store, port: number): Promise<{ url: string; close(): Promise<void> }> {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });
  io.use((socket, next) => {
    const userId: unknown = socket.handshake.auth.userId;
    socket.data.userId = userId;
    next(isId(userId) ? undefined : new Error('UNAUTHENTICATED'));
  });
  io.on('connection', (socket) => serve(socket, store));
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: () => io.close(),
  };
}
