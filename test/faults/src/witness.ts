import { type Message, membersOfPair, type Place } from './message.js';

/**
 * `live`: pushed on a connection. `merged`: handed over by the SDK, which puts pushed and read messages in order.
 * `page`: read from history. `own`: known from the ack of an own send.
 */
export type Way = 'live' | 'merged' | 'page' | 'own';

export interface Heard {
  readonly seq: number;
  /** Missing where an ack told of it. */
  readonly message?: Message;
  readonly way: Way;
  /** What comes on one line comes once and in order: a connection, or a whole client of the SDK. */
  readonly line: string;
  /** Its order was judged already. */
  readonly judged?: true;
}

/** What one client was told and heard of one conversation since it was last judged. */
export interface Testimony {
  /** Everything above this has to be heard; undefined as long as the client knows nothing of the place. */
  position: number | undefined;
  /** Newest `seq` of the place as the server told it on the way: who came back begins there. */
  told: number[];
  heard: Heard[];
  /** The last `seq` of each line. */
  readonly lines: Map<string, number>;
}

/** Keeps what a client hears, and judges nothing. */
export class Witness {
  readonly places = new Map<Place, Testimony>();
  /** It left on purpose: what it had not heard by then, it will not. */
  gone = false;
  /** It was told all its conversations, so that one it does not know has only just begun. */
  knowsAll = false;

  constructor(
    readonly name: string,
    readonly userId: number,
  ) {}

  /** The server told that the place has messages up to `seq`, and that the later ones will come by themselves. */
  told(place: Place, seq: number): void {
    const testimony = this.#testimony(place);
    testimony.position ??= seq;
    testimony.told.push(seq);
  }

  heard(place: Place, heard: Heard): void {
    const testimony = this.#testimony(place);
    testimony.position ??= membersOfPair(place) && this.knowsAll ? 0 : heard.seq - 1;
    testimony.heard.push(heard);
  }

  #testimony(place: Place): Testimony {
    const testimony = this.places.get(place) ?? { position: undefined, told: [], heard: [], lines: new Map() };
    this.places.set(place, testimony);
    return testimony;
  }
}
