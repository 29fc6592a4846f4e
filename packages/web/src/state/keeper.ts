import { ChatError, type SessionState } from '@teahouse/client';
import { ofBrowser, ofTab } from './storage';

/** Who is logged in: in this tab, and whoever a new tab goes on as. */
const whose = 'teahouse.user';
/** Several users may be logged in, each in tabs of their own. */
const nameOf = (userId: number | string) => `teahouse.login.${userId}`;

/**
 * Where a login is kept between visits. A refresh token may be spent once, so tabs that share a login take turns at it,
 * which needs the browser's locks; where the page has none (it came over plain HTTP from another machine, or may keep
 * nothing) a login lives in its tab alone.
 */
const shared = 'locks' in navigator && ofBrowser.opens;
const drawers = shared ? [ofTab, ofBrowser] : [ofTab];

/** Whose login this tab goes on with, if there is one: its own user's, else that of who logged in last to stay. */
export function lastUser(): string | undefined {
  return ofTab.get(whose) ?? (shared ? ofBrowser.get(whose) : undefined);
}

/** The login of a user that was kept, if there is one that can be read. */
export function kept(userId: number | string): SessionState | undefined {
  for (const drawer of drawers) {
    try {
      const value: unknown = JSON.parse(drawer.get(nameOf(userId)) ?? 'null');
      if (isState(value) && String(value.user.id) === String(userId)) return value;
    } catch {
      // Nothing of ours; it is overwritten by the next login.
    }
  }
  return undefined;
}

/** From now on this tab is this user's, whoever logs in elsewhere. */
export function belongTo(userId: number): void {
  ofTab.set(whose, String(userId));
}

/** @param lasting also after the browser was closed; undefined keeps it where it is */
export function keep(state: SessionState, lasting?: boolean): void {
  const { id } = state.user;
  const name = nameOf(id);
  const stays = shared && (lasting ?? (ofTab.get(name) === undefined && ofBrowser.get(name) !== undefined));
  belongTo(id);
  (stays ? ofBrowser : ofTab).set(name, JSON.stringify(state));
  if (!stays) return;
  ofTab.remove(name);
  if (lasting || ofBrowser.get(whose) === undefined) ofBrowser.set(whose, String(id));
}

/** Lets go of this tab's login; those of others stay. */
export function drop(userId: number): void {
  const name = nameOf(userId);
  const isTabs = !shared || ofTab.get(name) !== undefined;
  ofTab.remove(whose);
  (isTabs ? ofTab : ofBrowser).remove(name);
  if (!isTabs && ofBrowser.get(whose) === String(userId)) ofBrowser.remove(whose);
}

/** Longer than a tab takes for its turn, unless the browser put it to sleep meanwhile. */
const longestWaitMs = 30_000;

/** Runs `work` while no other tab runs its own. @throws ChatError TIMEOUT where its turn does not come */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (!shared) return await work();
  const signal = AbortSignal.timeout(longestWaitMs);
  try {
    return await navigator.locks.request('teahouse.login', { signal }, work);
  } catch (error) {
    throw error === signal.reason ? new ChatError('TIMEOUT', undefined, { cause: error }) : error;
  }
}

function isState(value: unknown): value is SessionState {
  if (typeof value !== 'object' || value === null) return false;
  const { token, refreshToken, expiresAt, user } = value as Record<string, unknown>;
  const strings = typeof token === 'string' && typeof refreshToken === 'string';
  const isUser = typeof user === 'object' && user !== null && 'id' in user && 'nickname' in user;
  return strings && typeof expiresAt === 'number' && isUser;
}
