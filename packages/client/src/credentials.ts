import type { Fields } from './frames.js';
import type { Session } from './session.js';

/**
 * How a client logs in: a session renews its token by itself. A token function is asked before each connection, with
 * `fresh` after the last one was refused.
 */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly session: Session }
  | { readonly token: string | ((options: { fresh: boolean }) => string | Promise<string>) };

/** The fields of the first frame. Rejects with what the token function throws. */
export async function initOf(
  options: Credentials & { readonly groupId?: number | undefined },
  fresh: boolean,
): Promise<Fields<'init'>> {
  const group = options.groupId === undefined ? {} : { groupId: options.groupId };
  if ('session' in options) return { token: await options.session.token({ fresh }), ...group };
  if ('username' in options) return { username: options.username, password: options.password, ...group };
  const { token } = options;
  return { token: typeof token === 'string' ? token : await token({ fresh }), ...group };
}
