/**
 * Work that is cheaper done once for all that has gathered than once for each turn of the event loop: writing to many
 * sockets, asking a service. It runs as soon as a turn has added nothing. At low load that is one empty look at the sockets
 * later; under load it is when what the kernel holds has been read.
 */

/** Nothing waits longer than this for a turn that adds nothing, milliseconds. */
const patienceMs = 1;

let waiting: (() => void)[] = [];
let added = 0;
let seen = 0;
let since = 0;

/** To be called for each thing that waits for such work. */
export function gathered(): void {
  added += 1;
}

/** Runs `work` once a turn has added nothing. It must not throw. */
export function whenDrained(work: () => void): void {
  if (waiting.push(work) > 1) return;
  seen = -1;
  since = performance.now();
  setImmediate(look);
}

function look(): void {
  if (added !== seen && performance.now() - since < patienceMs) {
    seen = added;
    setImmediate(look);
    return;
  }
  const works = waiting;
  waiting = [];
  for (const work of works) work();
}
