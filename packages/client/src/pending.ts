import { ChatError } from './errors.js';

interface Entry {
  readonly resolve: (frame: Record<string, unknown>) => void;
  readonly reject: (error: ChatError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Requests that may wait for their answers at once; the server stops reading a connection at 256. */
const most = 1_000;

/** The requests of one connection that have not been answered, by their `ref`. */
export class Pending {
  readonly #entries = new Map<string, Entry>();
  #next = 1;

  /**
   * Books a request and sends it.
   * @param send gets the `ref` that the answer will carry
   * @returns the answering frame; rejects with ChatError: what the server said, TIMEOUT, or what `failAll` was given
   */
  request(timeoutMs: number, send: (ref: string) => void): Promise<Record<string, unknown>> {
    if (this.#entries.size >= most)
      return Promise.reject(new ChatError('RATE_LIMITED', 'Too many requests wait for their answers.'));
    const ref = String(this.#next++);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#entries.delete(ref);
        reject(new ChatError('TIMEOUT'));
      }, timeoutMs);
      this.#entries.set(ref, { resolve, reject, timer });
      send(ref);
    });
  }

  /** Settles the request that this `ack` or `error` frame answers. @returns whether there was one */
  settle(frame: Record<string, unknown>): boolean {
    const { ref } = frame;
    const entry = typeof ref === 'string' ? this.#entries.get(ref) : undefined;
    if (entry === undefined) return false;
    this.#entries.delete(ref as string);
    clearTimeout(entry.timer);
    if (frame.type === 'error') entry.reject(ChatError.from(frame));
    else entry.resolve(frame);
    return true;
  }

  failAll(error: ChatError): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { timer, reject } of entries) {
      clearTimeout(timer);
      reject(error);
    }
  }
}
