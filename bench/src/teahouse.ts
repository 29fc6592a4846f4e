import { type Adapter, inParallel, type Member, type MemberEvents, SAMPLE_EVERY, type Stage } from './adapter.js';
import { isContent } from './content.js';
import { numberAt, SeqScanner } from './scan.js';
import { WireSocket } from './wire.js';
import type { Workload } from './workloads.js';

const CONNECT_TIMEOUT_MS = 20_000;
const REGISTER_TIMEOUT_MS = 30_000;
const PASSWORD = 'bench-password';

/** One registered user and a token that holds for an hour. */
export interface Account {
  id: number;
  token: string;
}

export interface Frame {
  type: string;
  ref?: string;
  code?: string;
  message?: string;
  seq?: number;
  groupId?: number;
  from?: number;
  content?: unknown;
  kind?: string;
}

/** Where a user talks: what begins each send, and what a delivery must say. */
export interface Place {
  sendHead: string;
  fits(frame: Frame): boolean;
  /** The groups of somebody who talks in several, taking turns, in place of `sendHead`. */
  groups?: Threads;
}

export interface Threads {
  ids: readonly number[];
  indexOf: ReadonlyMap<number, number>;
}

/** Where the number begins in `{"type":"groupMessage","groupId":`. */
const GROUP_ID_AT = 33;

/** For who asks and listens to nothing else. */
export const nowhere: MemberEvents = { acked() {}, delivered() {}, failed() {}, noticed() {} };

/** One user of Teahouse, as PROTOCOL says: `init` with a token, then frames with `ref`. */
export class TeahouseMember implements Member {
  private wire: WireSocket | undefined;
  private readonly scanner = new SeqScanner();
  private readonly waiting = new Map<string, { resolve: (frame: Frame) => void; reject: (error: Error) => void }>();
  private count = 0;
  private asked = 0;
  private readonly account: Account;
  private readonly place: Place | undefined;
  private readonly events: MemberEvents;

  constructor(account: Account, place: Place | undefined, events: MemberEvents) {
    this.account = account;
    this.place = place;
    this.events = events;
  }

  /** Connects and logs in; resolves with `ready`. */
  async open(url: string): Promise<Frame> {
    this.wire = await WireSocket.open(`${url.replace(/^http/, 'ws')}/`, this.text.bind(this), this.failed.bind(this));
    return await this.request({ type: 'init', token: this.account.token });
  }

  /** Sends a frame and resolves with its answer; rejects on `error`, a closed connection, or after 20 s. */
  request(frame: Record<string, unknown>): Promise<Frame> {
    this.asked += 1;
    const ref = `r${this.asked}`;
    return new Promise<Frame>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${frame.type}: no answer`)), CONNECT_TIMEOUT_MS);
      const settled = () => {
        clearTimeout(timer);
        this.waiting.delete(ref);
      };
      this.waiting.set(ref, {
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.wire?.send(JSON.stringify({ ...frame, ref }));
    });
  }

  send(ref: number, content: string): void {
    const groups = this.place?.groups?.ids;
    const head = groups ? `"groupMessage","groupId":${groups[ref % groups.length]},` : this.place?.sendHead;
    this.wire?.send(`{"type":${head}"content":"${content}","ref":"${ref}"}`);
  }

  close(): void {
    this.wire?.close();
  }

  private text(buffer: Buffer, start: number, end: number): void {
    // `{"type":"groupMessage"` and `{"type":"privateMessage"`, told by two letters each; anything else is parsed.
    const group = buffer[start + 9] === 0x67 && buffer[start + 14] === 0x4d;
    const isPrivate = buffer[start + 9] === 0x70 && buffer[start + 16] === 0x4d;
    const sampled = this.count % SAMPLE_EVERY === 0;
    if ((group || isPrivate) && !sampled) {
      this.count += 1;
      this.events.delivered(this.scanner.read(buffer, start, end), true, undefined, this.threadOf(buffer, start));
      return;
    }
    const frame = JSON.parse(buffer.toString('utf8', start, end)) as Frame;
    if (frame.type === 'groupMessage' || frame.type === 'privateMessage') {
      this.count += 1;
      const seq = this.scanner.read(buffer, start, end);
      const right = frame.kind === 'normal' && frame.seq === seq && this.place?.fits(frame) === true;
      const thread = this.threadOf(buffer, start);
      if (right && isContent(frame.content)) this.events.delivered(seq, true, frame.content, thread);
      else this.events.delivered(seq, false, undefined, thread);
    } else this.other(frame);
  }

  private threadOf(buffer: Buffer, start: number): number | undefined {
    const groups = this.place?.groups;
    // A group that this connection is not in would be found missing where it belongs, and as one too many here.
    return groups && (groups.indexOf.get(numberAt(buffer, start + GROUP_ID_AT)) ?? groups.ids.length);
  }

  private other(frame: Frame): void {
    const asked = frame.ref === undefined ? undefined : this.waiting.get(frame.ref);
    const reason = `${frame.code ?? 'error'}: ${frame.message ?? ''}`;
    if (asked) {
      if (frame.type === 'error') asked.reject(new Error(reason));
      else asked.resolve(frame);
    } else if (frame.type === 'ack' && frame.ref !== undefined && frame.seq !== undefined) {
      const ref = Number(frame.ref);
      const groups = this.place?.groups?.ids;
      this.events.acked(ref, frame.seq, groups && ref % groups.length);
    } else if (frame.type === 'error' || frame.type === 'goodbye') this.failed(reason);
    else this.events.noticed();
  }

  private failed(reason: string): void {
    for (const asked of this.waiting.values()) asked.reject(new Error(reason));
    this.events.failed(reason);
  }
}

/** Makes the account number `user`. Rejects unless the server answers 201. */
export async function register(url: string, user: number): Promise<Account> {
  const response = await fetch(`${url}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: `bench${user}`, password: PASSWORD }),
    signal: AbortSignal.timeout(REGISTER_TIMEOUT_MS),
  });
  if (response.status !== 201) throw new Error(`POST /register answered ${response.status}: ${await response.text()}`);
  const body = (await response.json()) as { token: string; user: { id: number } };
  return { id: body.user.id, token: body.token };
}

async function asUser<T>(url: string, account: Account, work: (member: TeahouseMember) => Promise<T>): Promise<T> {
  const member = new TeahouseMember(account, undefined, nowhere);
  await member.open(url);
  try {
    return await work(member);
  } finally {
    member.close();
  }
}

/** Makes the conversation's group and lets everybody join it; for a pair there is nothing to make. */
async function placesOf(url: string, users: number[], accounts: readonly Account[], kind: string): Promise<Place[]> {
  const ids = users.map((user) => accounts[user] as Account);
  if (kind === 'pair') {
    return ids.map((_, i) => {
      const other = (ids[1 - i] as Account).id;
      return {
        sendHead: `"privateMessage","to":${other},`,
        fits: (frame) => frame.from === other,
      };
    });
  }
  const [owner, ...others] = ids as [Account, ...Account[]];
  const created = await asUser(url, owner, (member) => member.request({ type: 'createGroup', groupName: 'bench' }));
  const groupId = created.groupId;
  await inParallel(others, 8, async (account) => {
    await asUser(url, account, (member) => member.request({ type: 'joinGroup', groupId }));
  });
  const place: Place = {
    sendHead: `"groupMessage","groupId":${groupId},`,
    fits: (frame) => frame.groupId === groupId,
  };
  return ids.map(() => place);
}

/** Teahouse at `url`, its rate limits switched off. Accounts are registered once and shared by all workloads. */
export function teahouseAdapter(url: string): Adapter {
  const accounts: Account[] = [];
  return {
    name: 'teahouse',
    promisesOrder: true,
    async prepare(workload: Workload, progress): Promise<Stage> {
      const missing = workload.conversations.flatMap(({ users }) => users).filter((user) => !accounts[user]);
      await inParallel(missing, 8, async (user) => {
        accounts[user] = await register(url, user);
        if (user % 50 === 0) progress(`registered ${accounts.length} users`);
      });
      const places: Place[] = [];
      await inParallel(workload.conversations, 4, async ({ users, kind }) => {
        const made = await placesOf(url, users, accounts, kind);
        for (const [i, user] of users.entries()) places[user] = made[i] as Place;
      });
      progress(`${workload.conversations.length} conversations ready`);
      return {
        async connect(user, events) {
          const member = new TeahouseMember(accounts[user] as Account, places[user], events);
          await member.open(url);
          return member;
        },
      };
    },
  };
}
