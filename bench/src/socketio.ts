import { type Adapter, type Member, type MemberEvents, SAMPLE_EVERY, type Stage } from './adapter.js';
import { isContent } from './content.js';
import { SeqScanner } from './scan.js';
import { WireSocket } from './wire.js';
import type { Workload } from './workloads.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** The ack id of the join; messages count their own ids from 0. */
const JOIN_ID = 4_000_000_000;

interface Place {
  /** The event to send and its first argument, up to the content. */
  sendHead: string;
  /** The group to join; undefined for a pair. */
  join: number | undefined;
  conversation: string;
}

/** Where a user talks; group ids and user ids are the workload's own numbers counted from 1. */
function placeOf(workload: Workload, user: number): Place {
  const index = workload.conversations.findIndex((conversation) => conversation.users.includes(user));
  const conversation = workload.conversations[index];
  if (!conversation) throw new Error(`User ${user} has no conversation.`);
  if (conversation.kind === 'group') {
    const group = index + 1;
    return { sendHead: `["groupMessage",{"groupId":${group},"content":`, join: group, conversation: `g:${group}` };
  }
  const [a, b] = conversation.users as [number, number];
  const peer = (a === user ? b : a) + 1;
  return {
    sendHead: `["privateMessage",{"to":${peer},"content":`,
    join: undefined,
    conversation: `p:${a + 1}:${b + 1}`,
  };
}

/** One socket.io user over engine.io 4 framing: `0` open, `2` ping, `40` connect, `42` event, `43` ack. */
class SocketIoMember implements Member {
  private wire: WireSocket | undefined;
  private readonly scanner = new SeqScanner();
  private count = 0;
  private readonly user: number;
  private readonly place: Place;
  private readonly events: MemberEvents;
  private ready: (error?: Error) => void = () => {};

  constructor(user: number, place: Place, events: MemberEvents) {
    this.user = user;
    this.place = place;
    this.events = events;
  }

  async open(url: string): Promise<void> {
    const joined = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('socket.io: not connected in time')), CONNECT_TIMEOUT_MS);
      this.ready = (error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      };
    });
    const address = `${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const opened = WireSocket.open(address, this.text.bind(this), (reason) => {
      this.ready(new Error(reason));
      this.events.failed(reason);
    }).then((wire) => {
      this.wire = wire;
      wire.send(`40{"userId":${this.user + 1}}`);
    });
    await Promise.all([opened, joined]);
  }

  send(ref: number, content: string): void {
    this.wire?.send(`42${ref}${this.place.sendHead}"${content}"}]`);
  }

  close(): void {
    this.wire?.close();
  }

  private text(buffer: Buffer, start: number, end: number): void {
    if (buffer[start] === 0x34 && buffer[start + 1] === 0x32) {
      this.delivery(buffer, start, end);
      return;
    }
    const text = buffer.toString('latin1', start, end);
    if (text === '2') this.wire?.send('3');
    else if (text.startsWith('43')) this.ack(text);
    else if (text.startsWith('40')) this.connected();
    else if (!text.startsWith('0')) this.failed(text);
  }

  private connected(): void {
    if (this.place.join === undefined) this.ready();
    else this.wire?.send(`42${JOIN_ID}["join",{"groupId":${this.place.join}}]`);
  }

  private ack(text: string): void {
    const bracket = text.indexOf('[');
    const ref = Number(text.slice(2, bracket));
    const [answer] = JSON.parse(text.slice(bracket)) as [{ seq?: number; error?: string }];
    if (answer.error !== undefined) this.failed(answer.error);
    else if (ref === JOIN_ID) this.ready();
    else if (answer.seq === undefined) this.failed(text);
    else this.events.acked(ref, answer.seq);
  }

  private delivery(buffer: Buffer, start: number, end: number): void {
    const seq = this.scanner.read(buffer, start, end);
    const sampled = this.count % SAMPLE_EVERY === 0;
    this.count += 1;
    if (sampled) this.verify(buffer.toString('latin1', start + 2, end), seq);
    else this.events.delivered(seq, true);
  }

  private verify(text: string, seq: number): void {
    const [event, message] = JSON.parse(text) as [string, { conversation: string; seq: number; content: unknown }];
    const right = event === 'message' && message.conversation === this.place.conversation && message.seq === seq;
    if (right && isContent(message.content)) this.events.delivered(seq, true, message.content);
    else this.events.delivered(seq, false);
  }

  private failed(reason: string): void {
    this.ready(new Error(reason));
    this.events.failed(reason);
  }
}

/** The peer's protocol: socket.io 4 over WebSocket alone, as `peer.ts` serves it at `url`. */
export function socketIoAdapter(url: string): Adapter {
  return {
    name: 'socket.io',
    promisesOrder: false,
    async prepare(workload): Promise<Stage> {
      return {
        async connect(user, events) {
          const member = new SocketIoMember(user, placeOf(workload, user), events);
          await member.open(url);
          return member;
        },
      };
    },
  };
}
