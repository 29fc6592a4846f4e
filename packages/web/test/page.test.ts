import { eventually } from '@teahouse/test';
import t from 'tap';
import { official, openPage } from './opening.js';

const house = await openPage(t);

t.test('a new guest registers, stays logged in, renames themself, and logs out', async (t) => {
  const guest = await house.visit(t, '');
  const { page } = guest;
  await page.locator('input[name=username]').fill('player1');
  await page.locator('input[name=password]').fill('wrong password');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'The username or the password is wrong.' }).waitFor();
  t.match(guest.complaints.splice(0), [
    'error: Failed to load resource: the server responded with a status of 401 (Unauthorized)',
  ]);
  await guest.button('New here? Create an account').click();
  await page.locator('input[name=username]').fill('newcomer');
  await page.locator('input[name=nickname]').fill('新茶客');
  await page.locator('input[name=password]').fill('secret-tea');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: official }).waitFor();
  await page.reload();
  await page.getByRole('navigation').getByText('新茶客').waitFor();
  await page.getByRole('heading', { level: 1, name: official }).waitFor();

  await guest.button('Settings').click();
  await page.locator('input[name=nickname]').fill('老茶客');
  await guest.button('Save').click();
  await page.getByText('Saved.').waitFor();
  await page.locator('select[name=language]').selectOption('zh-CN');
  await guest.button('退出登录').click();
  await page.getByText('坐下，喝杯茶，聊聊天。').waitFor();
  await page.reload();
  await page.getByRole('button', { name: '登录', exact: true }).waitFor();
  t.strictSame(guest.complaints, []);
});

t.test('on a phone: list, conversation and panel one after the other', async (t) => {
  const phone = await house.visit(t, 'player2', {
    viewport: { width: 390, height: 780 },
    isMobile: true,
    hasTouch: true,
  });
  const { page } = phone;
  const entry = page.getByRole('navigation').getByRole('link', { name: official });
  await phone.writing.waitFor();
  await phone.button('Back').tap();
  await entry.tap();
  await phone.writing.waitFor();
  t.equal(await entry.isVisible(), false, 'the conversation has the whole screen');
  await phone.say('从手机上发的');
  await phone.message('从手机上发的').waitFor();
  await phone.button('Members').tap();
  await page.getByRole('complementary', { name: 'Members' }).waitFor();
  t.equal(await phone.writing.isVisible(), false);
  await page.goBack();
  await phone.writing.waitFor();
  await phone.button('Back').tap();
  await entry.waitFor();
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  t.equal(width, 390, 'nothing is wider than the screen');
  t.strictSame(phone.complaints, []);
});

t.test('by keyboard alone: log in, find the conversation, write, look around, log out', async (t) => {
  const visitor = await house.visit(t, '');
  const { page } = visitor;
  const { keyboard } = page;
  const focused = () =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
    );
  const tabTo = async (name: string | RegExp) => {
    for (let step = 0; step < 40; step++) {
      await keyboard.press('Tab');
      const text = await focused();
      if (typeof name === 'string' ? text.trim() === name : name.test(text)) return;
    }
    throw new Error(`No way to ${name} by Tab.`);
  };
  await keyboard.press('Tab');
  await keyboard.type('player4');
  await keyboard.press('Tab');
  await keyboard.type('123456');
  await keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
  await page.getByRole('link', { name: official }).waitFor();
  await keyboard.press('Control+k');
  await keyboard.type('官方');
  await tabTo(/官方群/);
  await keyboard.press('Enter');
  await visitor.writing.waitFor();
  await eventually(async () => (await focused()) === 'Write a message', 30_000, 'The message box has no focus');
  await keyboard.type('written without a mouse');
  await keyboard.press('Enter');
  await visitor.message('written without a mouse').waitFor();

  await keyboard.press('Shift+Tab');
  for (let step = 0; (await focused()) !== 'Messages' && step < 5; step++) await keyboard.press('Shift+Tab');
  await keyboard.press('ArrowUp');
  await eventually(
    async () => (await focused()).includes('written without a mouse'),
    30_000,
    'The message has no focus',
  );
  await tabTo('Message actions');
  await keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Recall' }).waitFor();
  await keyboard.press('Escape');
  await eventually(async () => (await focused()) === 'Message actions', 30_000, 'The menu kept the focus');
  await keyboard.press('Control+f');
  await page.getByRole('searchbox', { name: 'What to look for' }).waitFor();
  await keyboard.press('Escape');
  await eventually(async () => (await focused()) === 'Write a message', 30_000, 'The panel kept the focus');

  await page.getByRole('navigation').getByRole('button', { name: 'Settings', exact: true }).focus();
  await keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo('Log out');
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
  t.strictSame(visitor.complaints, []);
});

t.test('axe finds no serious barrier in any view, in light and dark', async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const visitor = await house.visit(t, '', { colorScheme });
    const { page } = visitor;
    const look = async (view: string) => t.strictSame(await visitor.barriers(), [], `${view}, ${colorScheme}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await look('login');
    await visitor.logIn('admin');
    await page.getByRole('link', { name: official }).waitFor();
    await look('list');
    await visitor.open(official);
    await visitor.message('written without a mouse').waitFor();
    await look('conversation');
    await visitor.button('Members').click();
    await page.getByRole('complementary').getByRole('listitem').first().waitFor();
    await look('members');
    await page
      .getByRole('complementary')
      .getByRole('button', { name: /^Actions for/ })
      .first()
      .click();
    await page.getByRole('menu').waitFor();
    await look('menu');
    await page.keyboard.press('Escape');
    await visitor.button('About this group').click();
    await page.getByText('Edit group').click();
    await look('about the group');
    await visitor.button('Search messages').click();
    await page.getByRole('searchbox', { name: 'What to look for' }).fill('mouse');
    await page.keyboard.press('Enter');
    await page.getByText('1 message found').waitFor();
    await look('search');
    await visitor.button('New conversation').click();
    await page.getByRole('dialog').waitFor();
    await look('new conversation');
    await page.keyboard.press('Escape');
    await page.getByRole('navigation').getByRole('button', { name: 'Settings', exact: true }).click();
    await page.getByRole('dialog').waitFor();
    for (const part of await page.locator('summary').all()) await part.click();
    await look('settings');
    t.strictSame(visitor.complaints, []);
  }
});

t.test('the first load is small and strict', async (t) => {
  const page = await (await fetch(house.url)).text();
  const scripts = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, path]) => path as string);
  t.ok(scripts.length > 0);
  let bytes = 0;
  for (const path of scripts) {
    const text = await (await fetch(`${house.url}/${path}`)).text();
    const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
    bytes += (await new Response(packed).arrayBuffer()).byteLength;
  }
  t.comment(`${bytes} bytes of JavaScript, compressed`);
  t.ok(bytes < 200 * 1024);
  const policy = (await fetch(house.url)).headers.get('content-security-policy') ?? '';
  t.match(policy, "default-src 'self'");
  t.notMatch(policy, 'unsafe-');
});
