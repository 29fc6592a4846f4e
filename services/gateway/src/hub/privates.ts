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

/** What waits while the place in a conversation is being found. */
interface Finding {
  readonly runs: Run[];
  frames: number;
  /** the newest seq heard of */
  head: number;
}

/** Where each person is in each private conversation. */
export class Privates {
  readonly #host: PrivatesHost;
  readonly #reads: Reads;
  readonly #finding = new WeakMap<Person, Map<number, Finding>>();

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
    else this.#find(person, peer, lastOf(run), run);
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
    if (known === undefined) this.#find(person, peer, seq, undefined);
    else if (typeof known !== 'number') known.learn(seq);
    else if (seq > known) this.open(person, peer, known).learn(seq);
  }

  /**
   * Something happened in a conversation that `ready` did not tell: an old one. News begins with the first message
   * since the person came; an event of another instance may have overtaken that one.
   */
  #find(person: Person, peer: number, head: number, run: Run | undefined): void {
    // By person: one who left and came again has another place, and the old one's is nobody's.
    const places = this.#finding.get(person) ?? new Map<number, Finding>();
    this.#finding.set(person, places);
    const known = places.get(peer);
    const finding = known ?? { runs: [], frames: 0, head };
    finding.head = Math.max(finding.head, head);
    if (run !== undefined && finding.frames + run.frames.length <= heldFrames) {
      finding.runs.push(run);
      finding.frames += run.frames.length;
    }
    if (known !== undefined) return;
    places.set(peer, finding);
    this.#ask(person, peer, run?.first ?? head + 1, (first) => {
      places.delete(peer);
      // Its first message, or a list that told its place, may have come while we asked: that place holds.
      const place = person.conversations.get(peer);
      const conversation = place instanceof Track ? place : this.open(person, peer, place ?? first - 1);
      for (const early of finding.runs.sort((a, b) => a.first - b.first)) conversation.accept(early);
      conversation.learn(finding.head);
    });
  }

  /** Asks for the first message since the person came, until it is answered or they are gone. */
  #ask(person: Person, peer: number, beforeSeq: number, found: (first: number) => void): void {
    const isHere = () => this.#host.person(person.userId) === person;
    this.#reads.firstSince(pair(person.userId, peer), beforeSeq, person.since - clockSlackMs).then(
      (first) => {
        if (isHere()) found(first);
      },
      (error: unknown) => {
        this.#host.failed('finding the place in a private conversation', error);
        // A guess would pass over what came while the service was away.
        if (isHere()) setTimeout(() => this.#ask(person, peer, beforeSeq, found), retryMs);
      },
    );
  }
}
