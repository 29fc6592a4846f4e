/** Deliveries that may wait for the next turn of the event loop; beyond it what is offered is refused. */
export const lineLimit = 65_536;
/**
 * The one line in which everything on an in-process bus is delivered, in order, never within the call that sent it.
 * It gives other events their turn after each round.
 */
export class Line {
  #jobs = [];
  /** False, and nothing done, when the line is full. */
  offer(job) {
    if (this.#jobs.length >= lineLimit) return false;
    this.push(job);
    return true;
  }
  /** For what is bounded elsewhere: answers, of which there are no more than requests. A job must not throw. */
  push(job) {
    if (this.#jobs.push(job) === 1) setImmediate(() => this.#run());
  }
  #run() {
    const jobs = this.#jobs;
    this.#jobs = [];
    for (const job of jobs) job();
  }
}
//# sourceMappingURL=line.js.map
