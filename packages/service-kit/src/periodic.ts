/** Work that is done again and again, never twice at once. */
export interface Periodic {
  /** Does the work now, after the run under way if there is one. Never rejects. */
  now(): Promise<void>;
  /** Begins no more runs; resolves when the one under way is through. */
  stop(): Promise<void>;
}

/** Does `work` every `ms` milliseconds, counted from the end of one run to the start of the next. */
export function every(ms: number, work: () => Promise<void>, onError: (error: unknown) => void): Periodic {
  let stopped = false;
  let last = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const now = () => {
    last = last.then(async () => {
      clearTimeout(timer);
      if (stopped) return;
      await work().catch(onError);
      if (!stopped) timer = setTimeout(() => void now(), ms);
    });
    return last;
  };
  timer = setTimeout(() => void now(), ms);
  return {
    now,
    stop() {
      stopped = true;
      clearTimeout(timer);
      return last;
    },
  };
}

/** True when `work` settled within `ms`. Never rejects; the work itself goes on. */
export function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    const settled = () => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settled, settled);
  });
}
