import { TeahouseError } from '@teahouse/contracts';
import { reporter } from './report.js';
/**
 * The serving half that both adapters share: a bounded number of handlers at work, a bounded number of requests waiting,
 * expired ones dropped unexecuted.
 */
export class Serving {
  #handler;
  #onError;
  #concurrency;
  #pending;
  #waiting = [];
  #next = 0;
  #active = 0;
  #idle = [];
  #stopped = false;
  constructor(handler, options, onError) {
    this.#handler = handler;
    this.#onError = reporter(options.onError ?? onError);
    this.#concurrency = options.concurrency ?? 128;
    this.#pending = options.pending ?? 1024;
  }
  accept(incoming) {
    if (Date.now() >= incoming.deadline) return;
    if (this.#stopped) incoming.refuse(new TeahouseError('UNAVAILABLE'));
    else if (this.#active < this.#concurrency) void this.#run(incoming);
    else if (this.#waiting.length - this.#next < this.#pending) this.#waiting.push(incoming);
    else incoming.refuse(new TeahouseError('UNAVAILABLE'));
  }
  /** Begins nothing more: what waits and what still comes is refused. */
  stop() {
    this.#stopped = true;
    for (let incoming = this.#take(); incoming; incoming = this.#take())
      incoming.refuse(new TeahouseError('UNAVAILABLE'));
  }
  /** Resolves when no handler is at work and nothing waits. */
  idle() {
    if (this.#active === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
  async #run(first) {
    this.#active++;
    for (let incoming = first; incoming; incoming = this.#take()) await this.#handle(incoming);
    this.#active--;
    if (this.#active > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }
  async #handle(incoming) {
    try {
      incoming.answer(await this.#handler(incoming.payload, incoming));
    } catch (error) {
      const known = error instanceof TeahouseError;
      incoming.refuse(known ? error : new TeahouseError('INTERNAL'));
      if (!known) this.#onError(error);
    }
  }
  #take() {
    while (this.#next < this.#waiting.length) {
      const incoming = this.#waiting[this.#next++];
      if (this.#next >= 256 && this.#next * 2 >= this.#waiting.length) {
        this.#waiting = this.#waiting.slice(this.#next);
        this.#next = 0;
      }
      if (Date.now() < incoming.deadline) return incoming;
    }
    this.#waiting = [];
    this.#next = 0;
    return undefined;
  }
}
//# sourceMappingURL=serving.js.map
