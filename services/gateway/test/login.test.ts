import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { authCalls, TeahouseError } from '@teahouse/contracts';
import { RequestError, TestClient } from '@teahouse/test';
import t from 'tap';
import { type TestGateway, testGateway, userOf } from './fakes.js';

/** Of the auth of these tests, which takes some time as a real one does. */
const answerMs = 50;
const player = userOf('player2');

/** Who somebody with this token is told to be, or the code of the refusal. */
async function comeIn({ ws }: TestGateway, token: string): Promise<unknown> {
  try {
    const { client, ready } = await TestClient.login(ws, { token });
    client.terminate();
    return ready.user;
  } catch (error) {
    if (error instanceof RequestError) return error.code;
    throw error;
  }
}

t.test('auth is asked once for many who come at once, and each is told who they are', async (t) => {
  const gateway = await testGateway(t);
  const { services } = gateway;
  const users = Array.from({ length: 100 }, (_, index) => userOf(`player${index + 1}`));
  const sids = new Map(users.map((user) => [randomUUID() as string, user]));
  services.answer(authCalls.confirm, async ({ loginIds }) => {
    await pause(answerMs);
    const answers = (loginIds as string[]).map((id) => ({
      ended: false,
      user: { ...sids.get(id), nickname: id.slice(0, 8) },
    }));
    return { answers };
  });
  const told = await Promise.all([...sids].map(([sid, user]) => comeIn(gateway, services.token(user, { sid }))));
  t.same(
    told,
    [...sids].map(([sid, user]) => ({ ...user, nickname: sid.slice(0, 8) })),
  );
  const asked = services.of(authCalls.confirm).map(({ loginIds }) => (loginIds as string[]).length);
  t.equal(
    asked.reduce((sum, one) => sum + one),
    users.length,
  );
  t.ok(asked.length <= users.length / 2, `${asked.length} questions`);
});

t.test('a login that auth knows to be ended is refused before the view tells it', async (t) => {
  const gateway = await testGateway(t);
  const { services } = gateway;
  const [ended, open] = [randomUUID(), randomUUID()];
  services.answer(authCalls.confirm, ({ loginIds }) => ({
    answers: (loginIds as string[]).map((id) => ({ ended: id === ended })),
  }));
  const tokens = [ended, open].map((sid) => services.token(player, { sid }));
  t.same(await Promise.all(tokens.map((token) => comeIn(gateway, token))), ['UNAUTHENTICATED', player]);
});

t.test('where auth says nothing the views speak: it is away, it fails, it hangs', async (t) => {
  const gateway = await testGateway(t);
  const { services } = gateway;
  const named = { ...player, nickname: '小茶' };
  await services.publishProfile(named);
  const sid = randomUUID();
  await services.revoke(player.id, sid);
  let release = () => {};
  const stuck = new Promise<void>((resolve) => {
    release = resolve;
  });
  const ways = {
    fails: () => {
      throw new TeahouseError('UNAVAILABLE');
    },
    hangs: () => stuck.then(() => ({ answers: [] })),
  };
  for (const [name, answer] of Object.entries(ways)) {
    services.answer(authCalls.confirm, answer);
    const before = performance.now();
    t.same(await comeIn(gateway, services.token(player)), named, name);
    t.equal(await comeIn(gateway, services.token(player, { sid })), 'UNAUTHENTICATED', name);
    t.ok(performance.now() - before < 2 * 1_000, name);
  }
  release();
  services.stop('auth');
  t.same(await comeIn(gateway, services.token(player)), named, 'is away');
  t.equal(await comeIn(gateway, services.token(player, { sid })), 'UNAUTHENTICATED', 'is away');
});

t.test('an auth that takes too long is soon not waited for', async (t) => {
  const gateway = await testGateway(t);
  const { services } = gateway;
  services.answer(authCalls.confirm, async () => {
    await pause(700);
    return { answers: [{ ended: true }] };
  });
  for (let turn = 0; turn < 4; turn += 1) t.same(await comeIn(gateway, services.token(player)), player);
  t.equal(services.of(authCalls.confirm).length, 3, 'no question for the fourth');
});
