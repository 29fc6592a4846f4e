import { randomBytes } from 'node:crypto';
import type { Msg, Subscription } from 'nats';
import type { Link } from './link.js';

/*
 * NATS gives a request to any instance that serves it, also to one that stands still: a server of version 2.9 drops a silent
 * connection only where it delivers nothing to it for seconds. So who asks calls the roll of all instances each second, and
 * while one of them is silent requests go straight to the others.
 */

const everyMs = 1_000;
/** Who has not answered for so long stands still. */
const silentMs = 2_500;
/** What nobody has asked for so long is not watched any more. */
const unusedMs = 60_000;

/** What the subjects of one service have in common: all but their last token. */
function placeOf(subject: string): string {
  const dot = subject.lastIndexOf('.');
  return dot < 0 ? subject : subject.slice(0, dot);
}
const rollCall = (place: string, who = 'all') => `${place}.roll.${who}`;

/** The serving side: answers roll calls as long as anything of a place is served. */
export class Presence {
  readonly id = randomBytes(9).toString('base64url');
  readonly #places = new Map<string, { serving: number; subs: readonly Subscription[] }>();

  constructor(private readonly link: Link) {}

  /** Where this instance alone is asked; undefined for patterns that end with `>`, whose requests take any instance. */
  directOf(pattern: string): string | undefined {
    return pattern.endsWith('>') ? undefined : `${pattern}.${this.id}`;
  }

  begin(pattern: string): void {
    const name = placeOf(pattern);
    const place = this.#places.get(name);
    if (place) {
      place.serving += 1;
      return;
    }
    const callback = (error: Error | null, { reply }: Msg) => {
      if (error) this.link.onError(error);
      else if (reply) this.link.send(reply, Buffer.from(this.id));
    };
    const subs = [rollCall(name), rollCall(name, this.id)].map((subject) =>
      this.link.nc.subscribe(subject, { callback }),
    );
    this.#places.set(name, { serving: 1, subs });
  }

  end(pattern: string): void {
    const name = placeOf(pattern);
    const place = this.#places.get(name);
    if (!place || --place.serving > 0) return;
    for (const sub of place.subs) sub.unsubscribe();
    this.#places.delete(name);
  }
}

interface Place {
  /** When each instance answered last. */
  readonly heard: Map<string, number>;
  usedAt: number;
  /** Those that answer, where another does not. */
  instead: readonly string[];
}

/** The asking side: knows which instances stand still. */
export class Roll {
  readonly #places = new Map<string, Place>();
  #timer: NodeJS.Timeout | undefined;
  #sub: Subscription | undefined;

  constructor(
    private readonly link: Link,
    private readonly inbox: string,
  ) {
    link.onStatus(() => this.#forget());
  }

  /** What a request on this subject has to be sent to: the subject itself, or that of one instance that is there. */
  targetOf(subject: string): string {
    const name = placeOf(subject);
    const place = this.#places.get(name) ?? this.#watch(name);
    place.usedAt = performance.now();
    const { instead } = place;
    return instead.length === 0 ? subject : `${subject}.${instead[Math.floor(Math.random() * instead.length)]}`;
  }

  /** All of it is learned anew where requests go on after the connection was away. */
  #forget(): void {
    this.#places.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #watch(name: string): Place {
    const place: Place = { heard: new Map(), usedAt: 0, instead: [] };
    this.#places.set(name, place);
    this.#sub ??= this.link.nc.subscribe(`${this.inbox}.>`, {
      callback: (error, msg) => (error ? this.link.onError(error) : this.#answered(msg)),
    });
    this.#timer ??= setInterval(() => this.#call(), everyMs).unref();
    this.link.send(rollCall(name), empty, this.#reply(name));
    return place;
  }

  #call(): void {
    const now = performance.now();
    for (const [name, place] of this.#places) {
      if (now - place.usedAt > unusedMs) {
        this.#places.delete(name);
        continue;
      }
      const [there, silent]: [string[], string[]] = [[], []];
      for (const [id, at] of place.heard) (now - at > silentMs ? silent : there).push(id);
      place.instead = silent.length === 0 ? [] : there;
      this.link.send(rollCall(name), empty, this.#reply(name));
      for (const id of silent) this.link.send(rollCall(name, id), empty, this.#reply(name, id));
    }
  }

  /** The id stands before the place, which has dots. */
  #reply(name: string, id = 'all'): string {
    return `${this.inbox}.${id}.${name}`;
  }

  #answered(msg: Msg): void {
    const rest = msg.subject.slice(this.inbox.length + 1);
    const dot = rest.indexOf('.');
    const place = this.#places.get(rest.slice(dot + 1));
    // Nobody is there any more under that id: it is gone, and gets no requests.
    if (msg.headers?.code === 503) place?.heard.delete(rest.slice(0, dot));
    else place?.heard.set(msg.string(), performance.now());
  }
}

const empty = new Uint8Array();
