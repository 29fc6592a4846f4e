/** Somebody whom bytes wait for. */
export interface Reader {
  /** Bytes that the system has not taken yet; 0 once its socket is gone. */
  readonly behind: number;
  /** It was told to go, but what waited still holds memory. */
  readonly givenUp: boolean;
  /** Closes it as a slow reader. */
  giveUp(): void;
  /** Ends its socket, and frees what waits. */
  destroy(): void;
}

/** Bytes that may wait for all readers of one process together. */
const defaultBound = 128 * 1024 * 1024;

/**
 * What waits for all slow readers of a process. Each alone may have 1 MiB waiting, and thousands of them would still be
 * too much: beyond the bound those with the most waiting are closed, until three quarters of it are left. As a closed one
 * is given time to read on, at most as much again waits for those; beyond it they are cut off.
 */
export class Backlog {
  readonly #bound: number;
  /** only those that were behind when they were last written to */
  readonly #readers = new Map<Reader, number>();
  #open = 0;
  /** Readers closed since the start because of the bound, for /metrics. */
  relieved = 0;

  constructor(bound = defaultBound) {
    this.#bound = bound;
  }

  /** Bytes that wait, as far as known. */
  get bytes(): number {
    return this.#open;
  }

  /** So many bytes wait for this reader now. */
  note(reader: Reader, bytes: number): void {
    this.#open += bytes - (this.#readers.get(reader) ?? 0);
    this.#readers.set(reader, bytes);
    if (this.#open > this.#bound) this.check();
  }

  /** Looks who is behind still, and does what the bound asks for. To be called now and then. */
  check(): void {
    let open = 0;
    let closing = 0;
    for (const reader of this.#readers.keys()) {
      const { behind } = reader;
      if (behind === 0) this.#readers.delete(reader);
      else this.#readers.set(reader, reader.givenUp ? 0 : behind);
      if (reader.givenUp) closing += behind;
      else open += behind;
    }
    this.#open = open;
    if (open > this.#bound) closing += this.#closeLargest(open);
    if (closing > this.#bound) this.#cutOff(closing);
  }

  /** Returns how much waits for those that were closed. */
  #closeLargest(open: number): number {
    let closed = 0;
    for (const [reader, bytes] of [...this.#readers].sort(([, a], [, b]) => b - a)) {
      if (open - closed <= (3 / 4) * this.#bound) break;
      if (reader.givenUp) continue;
      closed += bytes;
      this.relieved += 1;
      // To the end, so that those are cut off first who were closed first.
      this.#readers.delete(reader);
      this.#readers.set(reader, 0);
      reader.giveUp();
    }
    this.#open = open - closed;
    return closed;
  }

  #cutOff(closing: number): void {
    let left = closing;
    for (const reader of [...this.#readers.keys()]) {
      if (left <= this.#bound / 2) return;
      if (!reader.givenUp) continue;
      left -= reader.behind;
      this.#readers.delete(reader);
      reader.destroy();
    }
  }
}
