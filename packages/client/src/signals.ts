import { ChatError } from './errors.js';

/** How long something may take, and what ends the wait before: the signal's reason is thrown then. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; after them ChatError TIMEOUT. */
  readonly timeoutMs?: number | undefined;
}

/** Settles as `promise` does, or rejects earlier by signal or time. What the promise does later is nobody's business then. */
export function within<T>(promise: Promise<T>, { signal, timeoutMs }: WaitOptions): Promise<T> {
  if (signal === undefined && timeoutMs === undefined) return promise;
  return new Promise((resolve, reject) => {
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => end(new ChatError('TIMEOUT')), timeoutMs);
    const onAbort = () => end(signal?.reason);
    const tidy = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const end = (error: unknown) => {
      tidy();
      reject(error);
    };
    if (signal?.aborted) {
      end(signal.reason);
      promise.catch(() => {});
      return;
    }
    signal?.addEventListener('abort', onAbort);
    promise.then((value) => {
      tidy();
      resolve(value);
    }, end);
  });
}

/** Resolves after so many milliseconds, or as soon as the signal is aborted. */
export function pause(timeoutMs: number, signal: AbortSignal): Promise<void> {
  return within(new Promise<void>(() => {}), { timeoutMs, signal }).catch(() => {});
}
