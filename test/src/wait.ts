import { setTimeout as delay } from 'node:timers/promises';

/** Rejects with `sentence` when `promise` has not settled after `timeoutMs`. The promise itself goes on. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, sentence: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${sentence} (${timeoutMs} ms)`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Calls `check` until it returns something truthy, at most for `timeoutMs`, and returns that. For effects that nothing
 * announces; where there is an event, await the event. A check that throws counts as not yet; its last error is the cause.
 */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs: number, sentence: string): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const result = await within(
        Promise.resolve(check()),
        Math.max(1, deadline - Date.now()),
        'The check took too long',
      );
      if (result) return result;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) throw new Error(`${sentence} (${timeoutMs} ms)`, { cause });
    await delay(20);
  }
}
