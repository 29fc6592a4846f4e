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
 * One REST call. Rejects with ChatError: what the server said, or DISCONNECTED where it could not be asked; and with the
 * signal's reason. @returns the answer's object; undefined where there is none
 */
export async function rest(base: string, { method, path, body, token, signal }: RestCall): Promise<unknown> {
  signal?.throwIfAborted();
  const deadline = AbortSignal.timeout(answerMs);
  let status: number;
  let text: string;
  try {
    const response = await fetch(new URL(path, base.replace(/^ws/, 'http')), {
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
  if (status >= 400 || answer === undefined) throw ChatError.from(asObject(JSON.stringify(answer?.error)) ?? {});
  return answer;
}

function asObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
