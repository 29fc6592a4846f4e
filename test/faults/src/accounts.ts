/** Somebody who has an account. */
export interface Account {
  readonly userId: number;
  readonly username: string;
  readonly token: string;
}

export const password = 'secret-tea';

export async function register(url: string, username: string): Promise<Account> {
  const { token, user } = await post(`${url}/register`, { username, password });
  return { userId: Number((user as { id: number }).id), username, token: String(token) };
}

/** One REST call; rejects with the code of a refusal as its message. */
export async function post(url: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(String((answer.error as { code?: unknown } | undefined)?.code ?? response.status));
  return answer;
}
