import type { Place, ReceivedMessage } from './frames.js';

/** Messages of one conversation that may wait for an earlier one; what does not fit is fetched again. */
const mostParked = 1_000;

/** How far one conversation has been delivered, and what waits for what is missing before it. */
export class Thread {
  readonly place: Place;
  /** `seq` of the last message delivered. */
  position: number;
  /** The highest `seq` heard of. */
  head: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  filling = false;
  readonly #parked = new Map<number, ReceivedMessage>();

  constructor(place: Place, position: number) {
    this.place = place;
    this.position = position;
    this.head = position;
  }

  get behind(): boolean {
    return this.position < this.head;
  }

  /**
   * Takes a message from wherever it comes and hands on all that are next in line now.
   * One that was delivered before is dropped.
   */
  take(message: ReceivedMessage, deliver: (message: ReceivedMessage) => void): void {
    const { seq } = message;
    if (seq > this.head) this.head = seq;
    if (seq <= this.position) return;
    if (seq > this.position + 1) {
      if (this.#parked.size < mostParked) this.#parked.set(seq, message);
      return;
    }
    this.#next(message, deliver);
  }

  /** Takes a message of a page of history: what such a page leaves out does not exist. */
  takeOld(message: ReceivedMessage, deliver: (message: ReceivedMessage) => void): void {
    if (message.seq > this.head) this.head = message.seq;
    if (message.seq <= this.position) return;
    this.#next(this.#parked.get(message.seq)?.sentHere ? { ...message, sentHere: true } : message, deliver);
  }

  /** Goes on without what cannot be had: delivers what waits, in order. */
  giveUp(deliver: (message: ReceivedMessage) => void): void {
    for (const seq of [...this.#parked.keys()].sort((a, b) => a - b)) {
      const message = this.#parked.get(seq);
      this.#parked.delete(seq);
      if (message !== undefined) this.takeOld(message, deliver);
    }
    this.position = this.head;
  }

  #next(message: ReceivedMessage, deliver: (message: ReceivedMessage) => void): void {
    for (
      let next: ReceivedMessage | undefined = message;
      next !== undefined;
      next = this.#parked.get(this.position + 1)
    ) {
      this.#parked.delete(next.seq);
      this.position = next.seq;
      deliver(next);
    }
    if (this.#parked.size === 0) return;
    for (const seq of this.#parked.keys()) if (seq <= this.position) this.#parked.delete(seq);
  }
}
