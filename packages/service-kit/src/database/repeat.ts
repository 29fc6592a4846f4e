import { classify, presentable } from './errors.js';

const defaultAttempts = 3;
const longestPauseMs = 30;

/**
 * Runs a transaction again that lost to another one (deadlock, lock not given in time): `attempts` times at most, and
 * never beyond `timeoutMs` from the first start. Each attempt is told how many milliseconds are left.
 */
export async function repeat<T>(
  timeoutMs: number,
  attempts = defaultAttempts,
  attempt: (leftMs: number) => Promise<T>,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (let count = 1; ; count++) {
    try {
      return await attempt(end - performance.now());
    } catch (error) {
      const kind = classify(error);
      const lost = kind === 'deadlock' || kind === 'locked';
      // Of random length, so that those who collided do not collide again.
      const pauseMs = Math.random() * longestPauseMs;
      if (!lost || count >= attempts || performance.now() + pauseMs >= end) throw presentable(error);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
