import type { Frame, TestClient } from '@teahouse/test';

type Fields = Record<string, unknown>;

interface Group extends Fields {
  id: number;
  lastSeq: number;
  readSeq: number;
  memberCount: number;
}

/** A group as a client holds it. */
interface Held {
  whole: Group;
  /** Rights, and the end of a mute, by user id. */
  readonly members: Map<number, Fields>;
  readonly messages: Map<number, Fields>;
}

interface Talk {
  lastSeq: number;
  readSeq: number;
  readonly messages: Map<number, Fields>;
}

/** What a client holds, made of `ready` and what it asked when it learned of a group, and kept by what is pushed alone. */
export class Holder {
  readonly #groups = new Map<number, Held>();
  readonly #talks = new Map<number, Talk>();
  readonly #client: TestClient;
  readonly #me: number;
  #seen: number;

  private constructor(client: TestClient, ready: Frame) {
    this.#client = client;
    this.#me = (ready.user as { id: number }).id;
    this.#seen = client.frames.indexOf(ready) + 1;
  }

  /** For a client that has logged in and asked nothing yet. */
  static async of(client: TestClient): Promise<Holder> {
    const ready = client.frames.find(({ type }) => type === 'ready') as Frame;
    const holder = new Holder(client, ready);
    for (const group of ready.groups as Group[]) await holder.#learn(group);
    for (const { userId, lastSeq, readSeq } of ready.conversations as (Talk & { userId: number })[]) {
      const { messages } = await client.request({ type: 'history', with: userId, limit: 200 }, 30_000);
      holder.#talks.set(userId, { lastSeq, readSeq, messages: bySeq(messages as Frame[]) });
    }
    return holder;
  }

  /** What is held by a client that has logged in and asked nothing yet, and is closed by this. */
  static async anew(client: TestClient): Promise<unknown> {
    try {
      return await (await Holder.of(client)).state();
    } finally {
      await client.close();
    }
  }

  /** Applies what has come since the last time. Returns all that is held, in a form that can be compared. */
  async state(): Promise<unknown> {
    while (this.#seen < this.#client.frames.length) await this.#apply(this.#client.frames[this.#seen++] as Frame);
    const now = new Date().toISOString();
    const lasting = ({ mutedUntil, ...rest }: Fields) =>
      typeof mutedUntil === 'string' && mutedUntil > now ? { ...rest, mutedUntil } : rest;
    return {
      groups: [...this.#groups].sort(byKey).map(([, { whole, members, messages }]) => ({
        whole: lasting(whole),
        members: [...members].sort(byKey).map(([userId, fields]) => ({ userId, ...lasting(fields) })),
        messages: [...messages].sort(byKey).map(([, message]) => message),
      })),
      talks: [...this.#talks].sort(byKey).map(([userId, { messages, ...talk }]) => ({
        userId,
        ...talk,
        messages: [...messages].sort(byKey).map(([, message]) => message),
      })),
    };
  }

  /** A group in a list, or one that its holder came into: the rest is asked. */
  async #learn(group: Group): Promise<void> {
    const place = { groupId: group.id };
    const info = await this.#client.request({ type: 'groupInfo', ...place }, 30_000);
    const { members } = await this.#client.request({ type: 'listMembers', ...place }, 30_000);
    const { messages } = await this.#client.request({ type: 'history', ...place, limit: 200 }, 30_000);
    this.#groups.set(group.id, {
      whole: { ...group, ...(info.group as Group) },
      members: new Map((members as Fields[]).map((member) => [Number(member.userId), rank(member)])),
      messages: bySeq(messages as Frame[]),
    });
  }

  async #apply(frame: Frame): Promise<void> {
    if (frame.type === 'groups') await this.#list(frame.groups as Group[]);
    else if (frame.type === 'groupChanged') await this.#changed(frame.group as Group);
    else if (frame.type === 'groupMessage') this.#inGroup(frame);
    else if (frame.type === 'privateMessage') this.#inPrivate(frame);
    else if (frame.type === 'readMarker' && frame.userId === this.#me) {
      const read =
        frame.with === undefined ? this.#groups.get(Number(frame.groupId))?.whole : this.#talks.get(Number(frame.with));
      if (read) read.readSeq = Math.max(read.readSeq, Number(frame.seq));
    }
  }

  async #changed(group: Group): Promise<void> {
    const held = this.#groups.get(group.id);
    if (held) held.whole = { ...held.whole, ...group, lastSeq: held.whole.lastSeq };
    else if ('rights' in group) await this.#learn(group);
    else throw new Error(`told of the group ${group.id}, which is none of ours`);
  }

  /** The whole list, of which something was not told: in a group that is held, too. */
  async #list(groups: readonly Group[]): Promise<void> {
    this.#groups.clear();
    for (const group of groups) await this.#learn(group);
  }

  #inGroup(frame: Frame): void {
    const held = this.#groups.get(Number(frame.groupId));
    if (!held) throw new Error(`told of a message in the group ${frame.groupId}, which is none of ours`);
    const { whole, messages } = held;
    const seq = Number(frame.seq);
    // What was asked for at the beginning is known already.
    if (messages.has(seq)) return;
    messages.set(seq, message(frame));
    whole.lastSeq = seq;
    if (frame.from === this.#me && frame.kind === 'normal') whole.readSeq = seq;
    if (frame.notice) this.#notice(held, frame.notice as Fields);
  }

  /**
   * What each notice says of the group, as the protocol lists them. How many members there are comes with the new whole,
   * which follows each change of them.
   */
  #notice({ whole, members, messages }: Held, notice: Fields): void {
    const userId = Number(notice.userId);
    const mine = userId === this.#me;
    const set = (id: number, fields: Fields) => {
      members.set(id, { ...members.get(id), ...fields });
      if (id === this.#me) Object.assign(whole, fields);
    };
    const gone = () => {
      members.delete(userId);
      if (mine) this.#groups.delete(whole.id);
    };
    const events: Record<string, () => void> = {
      joined: () => {
        members.set(userId, rank({ rights: 'member', ...notice }));
      },
      left: gone,
      removed: gone,
      banned: gone,
      muted: () => set(userId, { mutedUntil: notice.mutedUntil }),
      unmuted: () => set(userId, { mutedUntil: undefined }),
      rights: () => set(userId, { rights: notice.rights }),
      owner: () => {
        for (const [id, { rights }] of members) if (rights === 'owner') set(id, { rights: 'admin' });
        set(userId, { rights: 'owner' });
      },
      state: () => Object.assign(whole, { state: notice.state }),
      dissolved: () => Object.assign(whole, { state: 'dissolved' }),
      updated: () => {
        const { by: _, event: __, ...fields } = notice;
        Object.assign(whole, fields);
      },
      recalled: () => recall(messages, notice),
    };
    const apply = events[String(notice.event)];
    if (!apply) throw new Error(`a notice of the event ${notice.event}`);
    apply();
  }

  #inPrivate(frame: Frame): void {
    const peer = Number(frame.from === this.#me ? frame.to : frame.from);
    const talk = this.#talks.get(peer) ?? { lastSeq: 0, readSeq: 0, messages: new Map<number, Fields>() };
    this.#talks.set(peer, talk);
    talk.lastSeq = Number(frame.seq);
    talk.messages.set(talk.lastSeq, message(frame));
    if (frame.from === this.#me && frame.kind === 'normal') talk.readSeq = talk.lastSeq;
    if (frame.notice) recall(talk.messages, frame.notice as Fields);
  }
}

const byKey = ([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number => a - b;

function bySeq(messages: readonly Frame[]): Map<number, Fields> {
  return new Map(messages.map((one) => [Number(one.seq), message(one)]));
}

function message(frame: Fields): Fields {
  const { type: _, ...fields } = frame;
  return fields;
}

/** What is held of a member; names and presence have ways of their own. */
function rank({ rights, mutedUntil }: Fields): Fields {
  return mutedUntil === undefined ? { rights } : { rights, mutedUntil };
}

function recall(messages: Map<number, Fields>, notice: Fields): void {
  const seq = Number(notice.seq);
  const recalled = messages.get(seq);
  if (recalled) messages.set(seq, { ...recalled, content: '', recalled: true });
}
