import { within } from '@teahouse/test';
import type { Member, MemberEvents, Stage } from './adapter.js';
import { isContent, originOf } from './content.js';
import { numberAt } from './scan.js';
import { WireSocket } from './wire.js';
import type { Workload } from './workloads.js';

/** One delivery in this many is read whole, more than of the faster servers, so that a window has enough of each connection. */
const SAMPLE_EVERY = 16;
const STEP_TIMEOUT_MS = 20_000;
/** Everybody's. */
export const PASSWORD = 'bench';
const OPEN = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
const CLOSE = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
const BIND =
  "<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>b</resource></bind></iq>";
const ENABLE = "<enable xmlns='urn:xmpp:sm:3'/>";
const ASK = "<r xmlns='urn:xmpp:sm:3'/>";

const ID = Buffer.from(" id='");
const STANZA_ID = Buffer.from('<stanza-id ');
const MESSAGE =
  /^<message .*? from='([^'/]+)\/([^']+)' type='(\w+)' id='(\d+)\.(\d+)'>.*<stanza-id by='([^']+)' id='(\d+)'.*<body>([^<]*)<\/body><\/message>$/;

/** The name that a user logs in with and has in a room. */
export const nameOf = (user: number) => `u${user}`;

/** Where a user talks: the room, or for a pair the other user. */
interface Place {
  kind: 'group' | 'pair';
  jid: string;
}

/** Where every user of a workload talks, by user. */
function placesOf({ conversations }: Workload): Place[] {
  const places: Place[] = [];
  for (const [index, { kind, users }] of conversations.entries()) {
    for (const [side, user] of users.entries()) {
      const jid =
        kind === 'group' ? `g${index}@conference.localhost` : `${nameOf(users[1 - side] as number)}@localhost`;
      places[user] = { kind, jid };
    }
  }
  return places;
}

/**
 * One XMPP user over WebSocket (RFC 7395). A message's `id` is `sender.ref`.
 *
 * In a room the ack is the reflection to the sender, which the room sends after the archive's INSERT; its archive id, a time
 * in microseconds less `epoch`, is the position. In a pair the ack is the one of stream management (XEP-0198) that is asked
 * for with each message, which the server answers after the INSERT into the sender's archive; the position is the sender's
 * own count, as each of the two has an archive of its own.
 */
class XmppMember implements Member {
  private wire: WireSocket | undefined;
  private waiting: { sign: string; done: (error?: Error) => void } | undefined;
  private count = 0;
  private received = 0;
  private acked = 0;
  private readonly user: number;
  private readonly place: Place;
  private readonly epoch: number;
  private readonly events: MemberEvents;

  constructor(user: number, place: Place, epoch: number, events: MemberEvents) {
    this.user = user;
    this.place = place;
    this.epoch = epoch;
    this.events = events;
  }

  /** Logs in, then joins the room or, in a pair, becomes available with stream management. */
  async open(url: string): Promise<void> {
    const name = nameOf(this.user);
    const secret = Buffer.from(`\0${name}\0${PASSWORD}`).toString('base64');
    this.wire = await WireSocket.open(url, this.text.bind(this), this.failed.bind(this));
    await this.step(OPEN, '<mechanisms');
    await this.step(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${secret}</auth>`, '<success');
    await this.step(OPEN, '<bind');
    await this.step(BIND, '<jid>');
    if (this.place.kind === 'group') {
      const muc = "<x xmlns='http://jabber.org/protocol/muc'/>";
      // The subject is the last thing that who enters a room is told.
      await this.step(`<presence xmlns='jabber:client' to='${this.place.jid}/${name}'>${muc}</presence>`, '<subject');
    } else {
      await this.step("<presence xmlns='jabber:client'/>", '<presence');
      await this.step(ENABLE, '<enabled');
    }
  }

  send(ref: number, content: string): void {
    const { kind, jid } = this.place;
    const type = kind === 'group' ? 'groupchat' : 'chat';
    this.wire?.send(
      `<message xmlns='jabber:client' type='${type}' to='${jid}' id='${this.user}.${ref}'><body>${content}</body></message>`,
      kind === 'group' ? undefined : ASK,
    );
  }

  close(): void {
    this.wire?.send(CLOSE);
    this.wire?.close();
  }

  /** Sends `text` and resolves with the first frame that has `sign` in it. */
  private async step(text: string, sign: string): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      this.waiting = { sign, done: (error) => (error ? reject(error) : resolve()) };
    });
    this.wire?.send(text);
    await within(answered, STEP_TIMEOUT_MS, `XMPP: no ${sign}`);
  }

  private text(buffer: Buffer, start: number, end: number): void {
    // `<m`; while it waits for something every frame is read whole.
    if (buffer[start + 1] !== 0x6d || this.waiting) {
      this.other(buffer.toString('utf8', start, end));
      return;
    }
    this.received += 1;
    const id = buffer.indexOf(ID, start) + ID.length;
    const stanza = buffer.indexOf(STANZA_ID, id);
    // Without an archive id: an error, or a message that was not stored.
    if (stanza < 0 || stanza >= end) {
      this.failed(buffer.toString('utf8', start, end));
      return;
    }
    const sender = numberAt(buffer, id);
    const ref = numberAt(buffer, buffer.indexOf('.', id) + 1);
    if (this.place.kind === 'pair') this.delivery(buffer, start, end, ref);
    else {
      const seq = numberAt(buffer, buffer.indexOf(ID, stanza) + ID.length) - this.epoch;
      if (sender === this.user) this.events.acked(ref, seq);
      else this.delivery(buffer, start, end, seq);
    }
  }

  private delivery(buffer: Buffer, start: number, end: number, seq: number): void {
    const sampled = this.count % SAMPLE_EVERY === 0;
    this.count += 1;
    if (sampled) this.verify(buffer.toString('utf8', start, end), seq);
    else this.events.delivered(seq, true);
  }

  private verify(text: string, seq: number): void {
    const [, from, resource, type, sender, ref, by, archiveId, content] = MESSAGE.exec(text) ?? [];
    const inRoom = this.place.kind === 'group';
    const right =
      from === this.place.jid &&
      type === (inRoom ? 'groupchat' : 'chat') &&
      (!inRoom || resource === nameOf(Number(sender))) &&
      by === (inRoom ? from : `${nameOf(this.user)}@localhost`) &&
      (!inRoom || seq === Number(archiveId) - this.epoch);
    if (right && isContent(content) && originOf(content).join('.') === `${sender}.${ref}`)
      this.events.delivered(seq, true, content);
    else this.events.delivered(seq, false);
  }

  private other(text: string): void {
    if (/^<(presence|iq|message)/.test(text)) this.received += 1;
    const waiting = this.waiting;
    if (/^<(failure|failed|close|stream:error)/.test(text) || text.includes("type='error'")) this.failed(text);
    else if (waiting && text.includes(waiting.sign)) {
      this.waiting = undefined;
      if (waiting.sign === '<enabled') this.received = 0; // Both sides count stanzas from here.
      waiting.done();
    } else if (text.startsWith('<a ')) this.stored(Number(/ h='(\d+)'/.exec(text)?.[1]));
    else if (text.startsWith('<r ')) this.wire?.send(`<a xmlns='urn:xmpp:sm:3' h='${this.received}'/>`);
    else this.events.noticed();
  }

  /** The server has dealt with the first `handled` messages of this connection. */
  private stored(handled: number): void {
    while (this.acked < handled) {
      this.acked += 1;
      this.events.acked(this.acked - 1, this.acked - 1);
    }
  }

  private failed(reason: string): void {
    this.waiting?.done(new Error(reason));
    this.waiting = undefined;
    this.events.failed(reason);
  }
}

/** The users of a workload on the XMPP server at the WebSocket `url`, which has their accounts. */
export function xmppStage(url: string, workload: Workload): Stage {
  const places = placesOf(workload);
  // A minute ago, as the server's clock may be behind ours.
  const epoch = (Date.now() - 60_000) * 1000;
  return {
    async connect(user, events) {
      const member = new XmppMember(user, places[user] as Place, epoch, events);
      await member.open(url);
      return member;
    },
  };
}
