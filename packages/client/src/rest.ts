import { ChatError } from './errors.js';

export interface RestCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  readonly path: string;
  readonly body?: object;
  readonly token?: string;
  readonly signal?: AbortSignal | undefined;
}

const answerMs = 10_000;

/**
 * One REST call. Rejects with ChatError: what the server said, UNAVAILABLE where something before it answered, DISCONNECTED
 * where nobody could be asked, BAD_REQUEST where `base` is no address; and with the signal's reason.
 * @returns the answer's object; undefined where there is none
 */
export async function rest(base: string, { method, path, body, token, signal }: RestCall): Promise<unknown> {
  signal?.throwIfAborted();
  const address = addressOf(base, path);
  const deadline = AbortSignal.timeout(answerMs);
  let status: number;
  let text: string;
  try {
    const response = await fetch(address, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ChatError('DISCONNECTED', undefined, { cause });
  }
  if (status === 204) return undefined;
  const answer = asObject(text);
  if (status < 400 && answer !== undefined) return answer;
  const error = asObject(JSON.stringify(answer?.error));
  if (typeof error?.code === 'string') throw ChatError.from(error);
  // A proxy's own page is not the server's word.
  throw new ChatError(status >= 500 || answer === undefined ? 'UNAVAILABLE' : 'INTERNAL');
}

/** Below the path of the server's address, where it has one. */
function addressOf(base: string, path: string): string {
  try {
    const { protocol, host, pathname } = new URL(base.replace(/^ws/, 'http'));
    if (/^https?:$/.test(protocol)) return `${protocol}//${host}${pathname.replace(/\/$/, '')}${path}`;
  } catch {
    // Told below.
  }
  throw new ChatError('BAD_REQUEST', `${base} is no address of a server.`);
}

function asObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
