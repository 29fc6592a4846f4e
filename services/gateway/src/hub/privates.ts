import { limits } from '@teahouse/contracts';
import { Conversation, type ConversationHost, pair } from './conversation.js';
import type { Person } from './people.js';
import type { Reads } from './reads.js';
import { lastOf, type Run, Track } from './track.js';

/** Conversations remembered for one user; beyond it the oldest is forgotten and found again when something happens in it. */
const kept = 10_000;
/** Frames held while the place in an unknown conversation is being found. */
const heldFrames = limits.repair;
/** How often the place is asked for again where nobody answers. */
const retryMs = 500;
/** Clocks of services may differ from ours by this much. */
export const clockSlackMs = 5000;

export interface PrivatesHost extends ConversationHost {
  person(userId: number): Person | undefined;
}

/** Where each person is in each private conversation. */
export class Privates {
  readonly #host: PrivatesHost;
  readonly #reads: Reads;
  readonly #finding = new Map<string, Run[]>();

  constructor(host: PrivatesHost, reads: Reads) {
    this.#host = host;
    this.#reads = reads;
  }

  /** A run that is told to one of its two people. */
  hear(person: Person, [low, high]: readonly [number, number], run: Run): void {
    const peer = low === person.userId ? high : low;
    const known = person.conversations.get(peer);
    if (known !== undefined) (typeof known === 'number' ? this.open(person, peer, known) : known).accept(run);
    else if (run.first === 1) this.open(person, peer, 0).accept(run);
    else this.#find(person, peer, run.first, run);
  }

  /** Conversations that are known to have reached a seq: two user ids and the seq. */
  learn(heads: readonly [number, number, number][]): void {
    for (const [low, high, seq] of heads) {
      this.#learnOne(low, high, seq);
      this.#learnOne(high, low, seq);
    }
  }

  /** The conversation of a person with a peer, followed from a position on. */
  open(person: Person, peer: number, position: number): Track {
    const conversation = new Conversation(person, peer, position, this.#host);
    person.conversations.set(peer, conversation);
    if (person.conversations.size > kept) {
      const [oldest, state] = person.conversations.entries().next().value as [number, number | Track];
      if (typeof state !== 'number') state.close();
      person.conversations.delete(oldest);
      // What was delivered in the forgotten one must not come again as news.
      person.since = Date.now();
    }
    return conversation;
  }

  #learnOne(userId: number, peer: number, seq: number): void {
    const person = this.#host.person(userId);
    if (person === undefined || person.seats.length === 0) return;
    const known = person.conversations.get(peer);
    if (known === undefined) this.#find(person, peer, seq + 1, undefined);
    else if (typeof known !== 'number') known.learn(seq);
    else if (seq > known) this.open(person, peer, known).learn(seq);
  }

  /**
   * Something happened in a conversation that `ready` did not tell: an old one. News begins with the first message
   * since the person came; an event of another instance may have overtaken that one.
   */
  #find(person: Person, peer: number, beforeSeq: number, run: Run | undefined): void {
    const key = `${person.userId}:${peer}`;
    const held = this.#finding.get(key);
    if (held !== undefined) {
      if (run !== undefined && held.length < heldFrames) held.push(run);
      return;
    }
    const runs = run === undefined ? [] : [run];
    this.#finding.set(key, runs);
    const settle = (first: number) => {
      this.#finding.delete(key);
      if (this.#host.person(person.userId) !== person) return;
      // Its first message, or a list that told its place, may have come while we asked: that place holds.
      const known = person.conversations.get(peer);
      const conversation = known instanceof Track ? known : this.open(person, peer, known ?? first - 1);
      for (const early of runs.sort((a, b) => a.first - b.first)) conversation.accept(early);
      conversation.learn(Math.max(beforeSeq - 1, ...runs.map(lastOf)));
    };
    const ask = (): void => {
      this.#reads
        .firstSince(pair(person.userId, peer), beforeSeq, person.since - clockSlackMs)
        .then(settle, (error: unknown) => {
          this.#host.failed('finding the place in a private conversation', error);
          // A guess would pass over what came while the service was away.
          if (this.#host.person(person.userId) === person) setTimeout(ask, retryMs);
          else this.#finding.delete(key);
        });
    };
    ask();
  }
}
