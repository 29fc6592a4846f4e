import { type Frame, TestClient } from '@teahouse/test';

export interface Person {
  readonly id: number;
  readonly token: string;
  readonly client: TestClient;
}

/** Runs `work` for each item, at most `width` at once. */
export async function each<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** Makes an account over REST and connects with its token. */
export async function newcomer(url: string, username: string): Promise<Person> {
  const { token } = await post(`${url}/register`, { username, password: 'secret-tea' });
  const { client, ready } = await TestClient.login(socketOf(url), { token: String(token) });
  return { id: (ready.user as { id: number }).id, token: String(token), client };
}

export async function tokenOf(url: string, username: string, password = '123456'): Promise<string> {
  return String((await post(`${url}/login`, { username, password })).token);
}

export function socketOf(url: string): string {
  return url.replace(/^http/, 'ws');
}

/** All messages of a group after a `seq`, page by page. */
export async function wholeHistory(client: TestClient, groupId: number, afterSeq = 0): Promise<Frame[]> {
  const messages: Frame[] = [];
  for (let more = true; more; ) {
    const last = messages.at(-1)?.seq ?? afterSeq;
    const page = await client.request({ type: 'history', groupId, afterSeq: last, limit: 200 });
    messages.push(...(page.messages as Frame[]));
    more = page.more === true;
  }
  return messages;
}

/** One REST call with a token; whatever the answer is. */
export async function rest(
  method: string,
  url: string,
  token: string,
  body?: object,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

export async function post(url: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${url}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}
