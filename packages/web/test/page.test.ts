import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { guest, openHouse, sayMuch } from './house.js';
import { launchBrowser, Visitor } from './visitor.js';

/** Longer than a file may take elsewhere: a browser on a busy machine. */
t.setTimeout(300_000);

const stack = await openHouse((line) => t.comment(line));
t.teardown(() => stack.stop());
const browser = await launchBrowser();
t.teardown(() => browser.close());
const url = stack.urls[0] as string;
const official = '官方群';

type Options = Parameters<typeof Visitor.arrive>[2];

/** Comes in, and is shown out when the test ends, with nothing to complain of. */
async function visit(t: Test, username: string, options: Options = {}): Promise<Visitor> {
  const visitor = await Visitor.arrive(browser, url, options);
  t.teardown(() => visitor.leave());
  if (username) await visitor.logIn(username);
  return visitor;
}

const chinese: Options = { locale: 'zh-CN' };

t.test('two people talk in the official group and in private, each in their own language', async (t) => {
  const one = await visit(t, 'player1');
  const two = await visit(t, 'player2', chinese);
  t.equal(await one.page.locator('html').getAttribute('lang'), 'en');
  t.equal(await two.page.locator('html').getAttribute('lang'), 'zh-CN');
  await one.open(official);
  await two.open(official);
  await one.say('Good evening <b>everybody</b> & all');
  await two.message('Good evening <b>everybody</b> & all').waitFor();
  t.equal(await two.page.locator('.message b').count(), 0, 'a message never becomes HTML');
  await two.writing.pressSequentially('大家好');
  await one.page.getByText('player2 is typing …').first().waitFor();
  await two.page.keyboard.press('Enter');
  await one.message('大家好').getByText('player2').waitFor();

  await one.message('大家好').getByRole('button', { name: 'player2', exact: true }).click();
  await one.page.getByRole('heading', { level: 1, name: 'player2' }).waitFor();
  await one.page.getByText('online', { exact: true }).waitFor();
  await one.say('你好player2，我是player1');
  const entry = two.page.getByRole('navigation').getByRole('link', { name: /^player1/ });
  await entry.filter({ hasText: '1 条未读' }).waitFor();
  await one.message('你好player2').getByRole('img', { name: 'Sent' }).waitFor();
  await entry.click();
  await two.message('你好player2').waitFor();
  await one.message('你好player2').getByRole('img', { name: 'Read' }).waitFor();
  t.equal(await entry.filter({ hasText: '未读' }).count(), 0, 'what is looked at is read');
  await one.page.reload();
  await one.message('你好player2').getByRole('img', { name: 'Read' }).waitFor();

  const stranger = await guest(stack, 'player4');
  stranger.client.terminate();
  await one.page.goto(`${url}/#/u/${stranger.id}`);
  await one.page.getByRole('heading', { level: 1, name: 'player4' }).waitFor();
  await one.page.goBack();

  await two.message('你好player2').hover();
  await two.message('你好player2').getByRole('button', { name: '消息操作' }).click();
  await two.page.getByRole('menuitem', { name: '复制文字' }).waitFor();
  t.equal(await two.page.getByRole('menuitem', { name: '撤回' }).count(), 0, 'the words of others stay');
  await two.page.keyboard.press('Escape');
  await one.message('你好player2').hover();
  await one.message('你好player2').getByRole('button', { name: 'Message actions' }).click();
  await one.choose('Recall');
  await two.page.getByText('消息已撤回').first().waitFor();
  await two.page.getByText('player1撤回了一条消息').first().waitFor();
  t.strictSame([...one.complaints, ...two.complaints], []);
});

t.test('a new guest registers, stays logged in, renames themself, and logs out', async (t) => {
  const guest = await visit(t, '');
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

t.test('an admin mutes somebody, who sees why they cannot speak, and lets them speak again', async (t) => {
  const admin = await visit(t, 'admin');
  const third = await visit(t, 'player3');
  await third.open(official);
  await third.writing.waitFor();
  await admin.open(official);
  await admin.button('Members').click();
  await admin.button('Actions for player3').click();
  await admin.choose('Mute for 1 hour');
  await third.page.getByText(/^You are muted in this group until /).waitFor();
  t.equal(await third.writing.count(), 0, 'nothing to write in');
  await third.page.getByText('admin muted player3').first().waitFor();
  await admin.page.getByText(/^muted until /).waitFor();
  await admin.button('Actions for player3').click();
  await admin.choose('Let speak again');
  await third.writing.waitFor();

  await third.button('Members').click();
  await third.page.getByRole('complementary').getByRole('listitem').filter({ hasText: 'player3' }).waitFor();
  t.equal(await third.button(/^Actions for/).count(), 0, 'who is no admin is offered nothing');
  t.strictSame([...admin.complaints, ...third.complaints], []);
});

t.test('a group with approval: made, found by number, asked for, run, and dissolved', async (t) => {
  const owner = await visit(t, 'player1');
  const asker = await visit(t, 'player4');
  await owner.button('New conversation').click();
  await owner.page.getByRole('tab', { name: 'Create group' }).click();
  await owner.page.locator('input[name=groupName]').fill('Longjing lovers');
  await owner.page.locator('select[name=joinPolicy]').selectOption('approval');
  await owner.button('Create').click();
  await owner.page.getByRole('heading', { level: 1, name: 'Longjing lovers' }).waitFor();
  await owner.button('About this group').click();
  const number = /\d{8,}/.exec((await owner.page.getByText(/^Group number \d+/).textContent()) ?? '')?.[0] as string;

  await asker.button('New conversation').click();
  await asker.page.getByRole('tab', { name: 'Join group' }).click();
  await asker.page.locator('input[name=group]').fill(number);
  await asker.button('Find').click();
  await asker.button('Ask to join').click();
  await asker.page.getByText('You asked to join; an admin has to agree.').waitFor();
  await owner.page.getByText('player4 wants to join “Longjing lovers”.').waitFor();
  await owner.button('Accept').click();
  await asker.page.getByText('You were let into the group.').waitFor();
  await asker.page.keyboard.press('Escape');
  await asker.open('Longjing lovers');

  await owner.page.getByText('Edit group').click();
  await owner.page.locator('textarea[name=announcement]').fill('Tea at eight');
  await owner.page.locator('select[name=state]').selectOption('adminsOnly');
  await owner.button('Save').click();
  await asker.button(/Tea at eight/).waitFor();
  await asker.page.getByText('Only the owner and admins may speak in this group at present.').waitFor();
  await asker.button('About this group').click();
  await asker.button('Leave group').waitFor();
  t.equal(await asker.page.getByText('Edit group').count(), 0, 'a member is offered no administration');
  t.equal(await asker.button('Dissolve group').count(), 0);

  await owner.button('Dissolve group').click();
  await owner.page.getByRole('alertdialog').getByRole('button', { name: 'Dissolve group' }).click();
  await asker.page.getByText('This group is dissolved. You can still read it.').waitFor();
  t.strictSame([...owner.complaints, ...asker.complaints], []);
});

t.test('whoever is blocked is told when they write, and the message waits with a way to try again', async (t) => {
  const one = await visit(t, 'player3');
  const two = await visit(t, 'player4');
  const start = async (visitor: Visitor, name: string) => {
    await visitor.button('New conversation').click();
    await visitor.page.locator('input[name=person]').fill(name);
    await visitor.button('Chat').click();
    await visitor.page.getByRole('heading', { level: 1, name }).waitFor();
  };
  await start(one, 'player4');
  await start(two, 'player3');
  await one.button('More about this chat').click();
  await one.choose('Block');
  await one.page.getByRole('alertdialog').getByRole('button', { name: 'Block' }).click();
  await one.page.getByText('You have blocked player4.').waitFor();
  await two.say('Are you there?');
  await two.page.getByText('One of you has blocked the other.').waitFor();
  await one.button('More about this chat').click();
  await one.choose('Unblock');
  await one.writing.waitFor();
  await two.button('Send again').click();
  await one.message('Are you there?').waitFor();
  t.equal(await two.message('Are you there?').count(), 1);
  t.strictSame([...one.complaints, ...two.complaints], []);
});

t.test('the gateway is killed while a message is being sent: it arrives once', async (t) => {
  const [gateway] = stack.services.gateway;
  if (!gateway) throw new Error('There is no gateway.');
  const one = await visit(t, 'player1');
  const two = await visit(t, 'player2');
  await one.open(official);
  await two.open(official);
  await one.say('before');
  await two.message('before').waitFor();
  gateway.kill('SIGSTOP');
  await one.say('in between');
  await one.message('in between').getByRole('img', { name: 'Sending' }).waitFor();
  await gateway.down('SIGKILL');
  await one.page.getByText('Offline.').waitFor();
  await one.say('written offline');
  await gateway.up();
  await two.message('written offline').waitFor();
  await one.message('written offline').getByRole('img', { name: 'Sent' }).waitFor();
  await one.page.getByText('Back, and caught up.').waitFor({ state: 'detached' });
  for (const visitor of [one, two]) {
    const texts = await visitor.page.getByRole('log').getByRole('article').locator('.text').allInnerTexts();
    const said = texts.map((text) =>
      text
        .split('\n')[0]
        ?.replace(/\s*\d\d:\d\d$/, '')
        .trim(),
    );
    t.strictSame(said.slice(-3), ['before', 'in between', 'written offline'], 'once each and in order');
    const unexpected = visitor.complaints.filter((text) => !/WebSocket connection to .* failed/.test(text));
    t.strictSame(unexpected, [], 'but for the browser’s own words about the lost connection');
  }
});

t.test('10,000 messages are scrolled to the first, and what is read stays in its place', async (t) => {
  const many = 10_000;
  const { client } = await guest(stack, 'player1');
  t.teardown(() => client.terminate());
  const { groupId } = await client.request({ type: 'createGroup', groupName: 'Long talk' });
  await sayMuch(client, Number(groupId), many, (index) => `Cup number ${index + 1}`);

  const reader = await visit(t, 'player1');
  const { page } = reader;
  await reader.open('Long talk');
  await reader.message(`Cup number ${many}`).waitFor();
  const log = page.getByRole('log', { name: 'Messages' });
  /** Scrolls up a little, and tells at once where a message stands that is in sight, before older ones have come. */
  const before = await log.evaluate(async (view) => {
    // The list goes to its end a few times while its lines are measured; a reader comes after that.
    for (let at = -1, rest = 0; rest < 30; rest = view.scrollTop === at ? rest + 1 : 0) {
      at = view.scrollTop;
      await new Promise(requestAnimationFrame);
    }
    view.scrollBy(0, -600);
    const top = view.getBoundingClientRect().top;
    const row = [...view.querySelectorAll('article')].find((one) => one.getBoundingClientRect().top > top + 100);
    return {
      row: row?.getAttribute('data-row') ?? '',
      y: Math.round(row?.getBoundingClientRect().top ?? 0),
      height: view.scrollHeight,
    };
  });
  const heightNow = () => log.evaluate((view) => view.scrollHeight);
  await eventually(async () => (await heightNow()) > before.height + 2_000, 30_000, 'Nothing older came');
  await eventually(async () => (await log.getAttribute('aria-busy')) === 'false', 30_000, 'Still loading');
  const after = await log.evaluate(
    (view, row) => Math.round(view.querySelector(`[data-row="${row}"]`)?.getBoundingClientRect().top ?? -1),
    before.row,
  );
  t.ok(Math.abs(after - before.y) <= 2, `older pages came in above: ${before.y} is ${after} now`);

  await eventually(
    async () => {
      await log.evaluate((view) => view.scrollTo(0, 0));
      return (await page.getByText('This is where the conversation begins.').count()) > 0;
    },
    90_000,
    'The beginning was not reached',
  );
  await page.getByText('player1 made the group').first().waitFor();
  await reader.message('Cup number 1').first().waitFor();
  t.ok((await log.getByRole('article').count()) < 100, 'only what is near is drawn');

  await client.request({ type: 'groupMessage', groupId, content: 'One more cup' });
  await reader.button('1 new message').click();
  await reader.message('One more cup').waitFor();

  await page.keyboard.press('Control+f');
  await page.getByRole('searchbox', { name: 'What to look for' }).fill('number 4321');
  await page.keyboard.press('Enter');
  await page.getByRole('listitem').filter({ hasText: 'Cup number 4321' }).getByRole('button').click();
  await reader.message('Cup number 4321').waitFor();
  t.strictSame(reader.complaints, []);
});

t.test('on a phone: list, conversation and panel one after the other', async (t) => {
  const phone = await visit(t, 'player2', { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true });
  const { page } = phone;
  const entry = page.getByRole('navigation').getByRole('link', { name: official });
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
  const visitor = await visit(t, '');
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
    const visitor = await visit(t, '', { colorScheme });
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
  const page = await (await fetch(url)).text();
  const scripts = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, path]) => path as string);
  t.ok(scripts.length > 0);
  let bytes = 0;
  for (const path of scripts) {
    const text = await (await fetch(`${url}/${path}`)).text();
    const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
    bytes += (await new Response(packed).arrayBuffer()).byteLength;
  }
  t.comment(`${bytes} bytes of JavaScript, compressed`);
  t.ok(bytes < 200 * 1024);
  const policy = (await fetch(url)).headers.get('content-security-policy') ?? '';
  t.match(policy, "default-src 'self'");
  t.notMatch(policy, 'unsafe-');
});
