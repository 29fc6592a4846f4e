import { type Stack, startStack, TestClient, temporaryDirectory } from '@teahouse/test';

const password = '123456';

/** The real stack with the demo accounts and without rate limits. */
export async function openHouse(log: (line: string) => void, env: NodeJS.ProcessEnv = {}): Promise<Stack> {
  return await startStack({
    directory: temporaryDirectory('page'),
    env: {
      NATS_URL: '',
      SEED_DEMO: 'true',
      LOG_LEVEL: 'warn',
      RATE_MESSAGES_PER_SECOND: '0',
      RATE_LOGINS_PER_MINUTE: '0',
      ...env,
    },
    log: (who, line) => log(`${who}: ${line}`),
  });
}

/** Somebody who comes without a browser. */
export async function guest(stack: Stack, username: string): Promise<{ client: TestClient; id: number }> {
  const { client, ready } = await TestClient.login(stack.socketUrls[0] as string, { username, password });
  return { client, id: (ready.user as { id: number }).id };
}

const inFlight = 200;
const sendMs = 60_000;

/** Says so many things in a group, in order; the texts are made from their place. */
export async function sayMuch(
  client: TestClient,
  groupId: number,
  count: number,
  text: (index: number) => string,
): Promise<void> {
  for (let start = 0; start < count; start += inFlight) {
    const size = Math.min(inFlight, count - start);
    await Promise.all(
      Array.from({ length: size }, (_, index) =>
        client.request({ type: 'groupMessage', groupId, content: text(start + index) }, sendMs),
      ),
    );
  }
}
