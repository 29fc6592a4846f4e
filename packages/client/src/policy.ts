import { ChatError } from './errors.js';
import { comeBackAfter } from './protocol.js';

/** Why a connection ended. */
export interface Ending {
  /** WebSocket close code; 1006 where the connection was lost without one. */
  readonly code: number;
  readonly reason: string;
  /** What the server said before it closed an unfinished login. */
  readonly refusal: ChatError | undefined;
  /** From a `goodbye` frame: come back after a random delay of up to this. */
  readonly reconnectWithinMs: number | undefined;
}

export type Plan = { readonly delayMs: number; readonly freshLogin: boolean } | { readonly stop: ChatError };

const firstMs = 500;
const longestMs = 20_000;
const laterMs = 5_000;
/** A fresh login that is refused this often in a row is not tried again. */
const mostRefusals = 3;

/**
 * Whether and when to come back: full jitter, so that clients that lost their server together do not return together.
 * @param attempt failed attempts in a row before this one, 0 after a connection that held
 * @param refusals fresh logins in a row that ended with 4401, this one included
 */
export function planAfter(ending: Ending, attempt: number, refusals: number, random = Math.random): Plan {
  const { code, refusal, reconnectWithinMs } = ending;
  const comeBack = comeBackAfter[code] ?? 'yes'; // An unknown code, like a lost connection, is worth another try.
  if (refusal && !refusal.retryable && refusal.code !== 'UNAUTHENTICATED' && refusal.code !== 'INTERNAL')
    return { stop: refusal };
  if (comeBack === 'no')
    return { stop: new ChatError('PROTOCOL', `The server closed the connection: ${ending.reason || code}.`) };
  if (comeBack === 'login' && refusals >= mostRefusals) return { stop: refusal ?? new ChatError('UNAUTHENTICATED') };
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 10));
  let delayMs = random() * ceiling;
  if (reconnectWithinMs !== undefined) delayMs = random() * reconnectWithinMs;
  else if (comeBack === 'later')
    delayMs = Math.max(laterMs, refusal?.retryAfterMs ?? 0) + random() * (longestMs - laterMs);
  else if (refusal?.retryAfterMs !== undefined) delayMs += refusal.retryAfterMs;
  return { delayMs, freshLogin: comeBack === 'login' };
}
