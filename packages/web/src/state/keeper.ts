import type { SessionState } from '@teahouse/client';

const name = 'teahouse.login';

/**
 * Where a login is kept between visits. A refresh token may be spent once, so tabs that share a login take turns at it,
 * which needs the browser's locks; where the page has none (it came over plain HTTP from another machine) a login lives
 * in its tab alone.
 */
const shared = 'locks' in navigator;

function places(): Storage[] {
  return shared ? [sessionStorage, localStorage] : [sessionStorage];
}

/** The login that was kept, if there is one that can be read. */
export function kept(): SessionState | undefined {
  for (const place of places()) {
    const text = place.getItem(name);
    if (text === null) continue;
    try {
      const value: unknown = JSON.parse(text);
      if (isState(value)) return value;
    } catch {
      // Nothing of ours; it is overwritten by the next login.
    }
  }
  return undefined;
}

/** @param lasting also after the browser was closed; undefined keeps it where it is */
export function keep(state: SessionState | undefined, lasting?: boolean): void {
  const stays = shared && (lasting ?? localStorage.getItem(name) !== null);
  for (const place of places()) place.removeItem(name);
  if (state) (stays ? localStorage : sessionStorage).setItem(name, JSON.stringify(state));
}

/** Runs `work` while no other tab runs its own. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return shared ? await navigator.locks.request(name, work) : await work();
}

function isState(value: unknown): value is SessionState {
  if (typeof value !== 'object' || value === null) return false;
  const { token, refreshToken, expiresAt, user } = value as Record<string, unknown>;
  const strings = typeof token === 'string' && typeof refreshToken === 'string';
  return strings && typeof expiresAt === 'number' && typeof user === 'object' && user !== null && 'nickname' in user;
}
