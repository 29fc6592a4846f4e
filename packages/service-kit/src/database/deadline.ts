import { unavailable } from './errors.js';

/**
 * Runs `work` and rejects with UNAVAILABLE when it takes longer than `ms` milliseconds. The signal tells `work` so, which
 * then has to let go of what it holds; what it still returns or throws is nobody's.
 */
export async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const cause = Object.assign(new Error(`The database did not answer within ${Math.round(ms)} ms.`), {
        code: 'ETIMEDOUT',
      });
      reject(unavailable(cause));
      controller.abort(cause);
    }, ms);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
