/** Runs work that several callers may ask for at the same time only once; the next call after it settled runs it anew. */
export function onceAtATime(work) {
  let running;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
//# sourceMappingURL=once.js.map
