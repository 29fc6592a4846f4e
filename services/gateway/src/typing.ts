const everyMs = 1000;
/** Conversations remembered; somebody who types in more of them at once tells a little more often. */
const memory = 32;

/** Lets one `typing` a second through for each conversation of a connection. */
export class TypingLimit {
  readonly #last = new Map<number, number>();

  pass(conversation: number): boolean {
    const now = performance.now();
    const last = this.#last.get(conversation);
    if (last !== undefined && now - last < everyMs) return false;
    this.#last.delete(conversation);
    this.#last.set(conversation, now);
    if (this.#last.size > memory) {
      const oldest = this.#last.keys().next().value;
      if (oldest !== undefined) this.#last.delete(oldest);
    }
    return true;
  }
}
