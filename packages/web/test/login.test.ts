import { eventually } from '@teahouse/test';
import t from 'tap';
import { guest } from './house.js';
import { official, openPage } from './opening.js';
import type { Visitor } from './visitor.js';

/** A token is renewed after three quarters of this. */
const tokenSeconds = 12;
const house = await openPage(t, { TOKEN_TTL_SECONDS: String(tokenSeconds) });

async function post(path: string, body: object, init: RequestInit = {}): Promise<{ token: string }> {
  const headers = { 'content-type': 'application/json', ...init.headers };
  const response = await fetch(`${house.url}${path}`, { method: 'POST', ...init, headers, body: JSON.stringify(body) });
  return response.status === 204 ? { token: '' } : ((await response.json()) as { token: string });
}

async function idOf(username: string): Promise<number> {
  const { client, id } = await guest(house.stack, username);
  client.terminate();
  return id;
}

t.test('two windows of one browser with a user each: after a lost network each is still its own', async (t) => {
  const ids = [await idOf('player1'), await idOf('player2')];
  const { client } = await guest(house.stack, 'player3');
  t.teardown(() => client.terminate());
  const one = await house.visit(t, '');
  const two = await one.secondWindow();
  await one.logIn('player1');
  await two.logIn('player2');
  for (const window of [one, two]) await window.open(official);
  const context = one.page.context();
  await context.setOffline(true);
  for (const window of [one, two]) await window.page.getByText('This device has no network.').waitFor();
  await context.setOffline(false);
  for (const window of [one, two]) await window.page.getByText('Back, and caught up.').waitFor();
  await one.say('the first window speaks');
  await two.say('the second window speaks');
  const speaker = async (content: string) => (await client.waitFor((frame) => frame.content === content, 30_000)).from;
  t.equal(await speaker('the first window speaks'), ids[0]);
  t.equal(await speaker('the second window speaks'), ids[1]);
  await one.page.reload();
  await one.me('player1').waitFor();
  await two.page.reload();
  await two.me('player2').waitFor();
});

t.test('a short login and its logout leave the one that another window keeps for another user', async (t) => {
  const one = await house.visit(t, '');
  const two = await one.secondWindow();
  await one.logIn('player1');
  await two.page.locator('input[name=lasting]').uncheck();
  await two.logIn('player2');
  await one.page.reload();
  await one.me('player1').waitFor();
  await two.page.reload();
  await two.me('player2').waitFor();
  await two.logOut();
  await one.page.reload();
  await one.me('player1').waitFor();
  const later = await one.secondWindow();
  await later.me('player1').waitFor();
  await later.logOut();
  await one.page.getByText('Your login has ended.').waitFor();
  t.equal(await keptLogins(one), 0);
});

t.test('a login outlives renewals whose answers are lost, with the page or without', async (t) => {
  const visitor = await house.visit(t, '');
  const { page } = visitor;
  let spent = 0;
  await page.route(
    '**/token',
    async (route) => {
      await route.fetch();
      spent += 1;
      if (spent === 2) await route.abort(); // The first is not answered until its page is gone.
    },
    { times: 2 },
  );
  await visitor.logIn('player2');
  await eventually(() => spent === 1, 3 * tokenSeconds * 1000, 'A renewal');
  await page.reload();
  const renewed = await page.waitForResponse('**/token', { timeout: 3 * tokenSeconds * 1000 });
  t.same([renewed.status(), spent], [200, 2]);
  await visitor.me('player2').waitFor();
  await visitor.logOut();
});

t.test('a name that is changed while another window renews the login leaves the login as it is then', async (t) => {
  const one = await house.visit(t, '');
  await one.logIn('player3');
  const two = await one.secondWindow();
  // A clock that is ahead: the token is renewed as soon as the page opens.
  await two.page.addInitScript(`const now = Date.now; Date.now = () => now() + ${tokenSeconds * 1000}`);
  const renewal = two.page.waitForResponse('**/token', { timeout: 30_000 });
  await one.page.route('**/me', async (route) => {
    void two.page.reload();
    // Where the other window waits for its turn nothing comes until this is through.
    await Promise.race([renewal, new Promise((resolve) => setTimeout(resolve, 3_000))]);
    await route.continue();
  });
  await one.page.getByRole('navigation').getByRole('button', { name: 'Settings', exact: true }).click();
  await one.page.locator('input[name=nickname]').fill('Camellia');
  await one.button('Save').click();
  await one.page.getByText('Saved').first().waitFor();
  const { refreshToken } = (await (await renewal).json()) as { refreshToken: string };
  const kept = () => one.page.evaluate(() => Object.values(localStorage).join());
  await eventually(async () => (await kept()).includes(refreshToken), 10_000, 'The new token is not kept');
  t.notOk((await kept()).includes('idempotencyKey'));
  t.ok((await kept()).includes('Camellia'));
});

const keptLogins = (visitor: Visitor) =>
  visitor.page.evaluate(
    () =>
      [localStorage, sessionStorage]
        .flatMap((all) => Object.values(all))
        .join()
        .split('refreshToken').length - 1,
  );

/** Runs before the page: a browser that keeps nothing for it. */
const blocked = `for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
  Object.defineProperty(window, name, { get() { throw new DOMException('Access is denied.', 'SecurityError'); } });
LockManager.prototype.request = async () => { throw new DOMException('Access is denied.', 'SecurityError'); };`;
const full = `Storage.prototype.setItem = () => { throw new DOMException('It is full.', 'QuotaExceededError'); };`;

for (const [name, script] of Object.entries({ blocked, full })) {
  t.test(`where the browser's storage is ${name} one can log in and talk`, async (t) => {
    const visitor = await house.visit(t, '');
    await visitor.page.addInitScript(script);
    await visitor.page.reload();
    await visitor.logIn('player4');
    await visitor.open(official);
    await visitor.say(`nothing is kept: ${name}`);
    await visitor.message(`nothing is kept: ${name}`).getByRole('img', { name: 'Sent' }).waitFor();
    await visitor.logOut();
  });
}

/** How many messages the browser keeps of conversations. */
const keptMessages = (visitor: Visitor) =>
  visitor.page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('teahouse');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const all = opening.result.transaction('recent').objectStore('recent').count();
          all.onsuccess = () => {
            opening.result.close();
            resolve(all.result);
          };
        };
      }),
  );

t.test('a login that the server ended leaves nothing behind, as a logout does', async (t) => {
  const [username, password] = ['mover', 'old-secret'];
  await post('/register', { username, password });
  const visitor = await house.visit(t, '');
  await visitor.logIn(username, password);
  await visitor.open(official);
  await visitor.say('soon gone');
  await visitor.message('soon gone').getByRole('img', { name: 'Sent' }).waitFor();
  await eventually(async () => (await keptMessages(visitor)) > 0, 30_000, 'Nothing was kept');
  const { token } = await post('/login', { username, password });
  const headers = { authorization: `Bearer ${token}` };
  await post('/me/password', { oldPassword: password, newPassword: 'new-secret' }, { method: 'PUT', headers });
  await visitor.page.getByText('Your login has ended.').waitFor();
  t.equal(await keptLogins(visitor), 0);
  await eventually(async () => (await keptMessages(visitor)) === 0, 30_000, 'Messages were kept');
});

t.test('a token is renewed while the page stays connected, also after that failed', async (t) => {
  const visitor = await house.visit(t, '');
  const { page } = visitor;
  let sockets = 0;
  page.on('websocket', () => {
    sockets += 1;
  });
  let failed = 0;
  await page.route(
    '**/token',
    async (route) => {
      failed += 1;
      await route.abort();
    },
    { times: 1 },
  );
  await visitor.logIn('player1');
  const renewed = await page.waitForResponse('**/token', { timeout: 3 * tokenSeconds * 1000 });
  t.equal(renewed.status(), 200);
  t.equal(failed, 1);
  t.equal(sockets, 1, 'nobody asked for it but the time');
});
