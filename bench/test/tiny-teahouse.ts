import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

type Frame = Record<string, unknown>;

interface TinyTeahouse {
  url: string;
  registered(): number;
  /** From now on contents are delivered changed. */
  damage(): void;
  close(): void;
}

/** As much of the protocol as the load generator uses, kept in memory, for testing the generator alone. */
export async function startTinyTeahouse(): Promise<TinyTeahouse> {
  let users = 0;
  let groups = 0;
  let suffix = '';
  const sockets = new Map<number, WebSocket>();
  const members = new Map<number, Set<number>>();
  const seqs = new Map<string, number>();

  const post = (_request: IncomingMessage, response: ServerResponse) => {
    users += 1;
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token: `t${users}`, user: { id: users } }));
  };
  const say = (id: number, frame: Frame) => sockets.get(id)?.send(JSON.stringify(frame));
  const store = (conversation: string) => {
    const seq = (seqs.get(conversation) ?? 0) + 1;
    seqs.set(conversation, seq);
    return { id: '0199aaaa-0000-7000-8000-000000000000', seq, createTime: '2026-01-01T00:00:00.000Z' };
  };
  const verbs: Record<string, (me: number, frame: Frame) => Frame> = {
    createGroup(me) {
      groups += 1;
      members.set(groups, new Set([me]));
      return { groupId: groups, groupNumber: 88_888_888 };
    },
    joinGroup(me, { groupId }) {
      members.get(groupId as number)?.add(me);
      return { groupId, status: 'joined' };
    },
    groupMessage(me, { groupId, content }) {
      const room = members.get(groupId as number);
      if (!room?.has(me)) throw new Error('NOT_A_MEMBER');
      const stored = store(`g${groupId}`);
      const message = { type: 'groupMessage', groupId, ...stored, from: me, content: content + suffix, kind: 'normal' };
      for (const id of room) if (id !== me) say(id, message);
      return stored;
    },
    privateMessage(me, { to, content }) {
      const stored = store(`p${[me, to].sort()}`);
      say(to as number, { type: 'privateMessage', from: me, to, ...stored, content: content + suffix, kind: 'normal' });
      return stored;
    },
  };
  const serve = (socket: WebSocket) => {
    let me = 0;
    socket.on('message', (data) => {
      const frame = JSON.parse(data.toString()) as Frame;
      if (frame.type === 'init') {
        me = Number((frame.token as string).slice(1));
        sockets.set(me, socket);
        say(me, { type: 'ready', ref: frame.ref, user: { id: me } });
      } else {
        try {
          say(me, { type: 'ack', ref: frame.ref, ...verbs[frame.type as string]?.(me, frame) });
        } catch (error) {
          say(me, { type: 'error', ref: frame.ref, code: (error as Error).message, message: '', retryable: false });
        }
      }
    });
  };
  const http = createServer(post);
  const server = new WebSocketServer({ server: http });
  server.on('connection', serve);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    registered: () => users,
    damage() {
      suffix = '!';
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
      http.close();
    },
  };
}
