let lastMs = 0;
let last = new Date(lastMs).toISOString();

/** Milliseconds since 1970 as a `Time`. The messages of a batch share theirs, so the last one is kept. */
export function iso(ms: number): string {
  if (ms !== lastMs) {
    last = new Date(ms).toISOString();
    lastMs = ms;
  }
  return last;
}
