/** Longest time that closing, draining and stopping wait for work under way. */
export const drainMs = 5_000;
/** True when `work` settled within `ms`. Never rejects; the work itself goes on. */
export function settledWithin(work, ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    const settled = () => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settled, settled);
  });
}
/** A pause that `wake` ends early. */
export class Pause {
  #timer;
  #resolve;
  for(ms) {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(resolve, ms);
    });
  }
  wake() {
    clearTimeout(this.#timer);
    this.#resolve?.();
  }
}
//# sourceMappingURL=deadline.js.map
