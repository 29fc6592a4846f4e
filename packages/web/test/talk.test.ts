import { eventually } from '@teahouse/test';
import t from 'tap';
import { guest } from './house.js';
import { chinese, official, openPage } from './opening.js';
import type { Visitor } from './visitor.js';

const house = await openPage(t);

t.test('two people talk in the official group and in private, each in their own language', async (t) => {
  const one = await house.visit(t, 'player1');
  const two = await house.visit(t, 'player2', chinese);
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

  const stranger = await guest(house.stack, 'player4');
  stranger.client.terminate();
  await one.page.goto(`${house.url}/#/u/${stranger.id}`);
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

t.test('whoever is blocked is told when they write, and the message waits with a way to try again', async (t) => {
  const one = await house.visit(t, 'player3');
  const two = await house.visit(t, 'player4');
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

t.test('what is not taken because too much waits stays where it was written', async (t) => {
  const visitor = await house.visit(t, 'player1');
  const { page } = visitor;
  await visitor.open(official);
  await page.context().setOffline(true);
  await page.getByText('This device has no network.').waitFor();
  await visitor.writing.evaluate((field: HTMLTextAreaElement) => {
    for (let number = 1; number <= 1_000; number++) {
      field.value = `waiting ${number}`;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.form?.requestSubmit();
    }
  });
  await visitor.say('one too many');
  await page.getByText('Too many messages wait to be sent.').waitFor();
  t.equal(await visitor.writing.inputValue(), 'one too many');
  await page.context().setOffline(false);
  await visitor.message('waiting 1000').getByRole('img', { name: 'Sent' }).waitFor();
  await page.keyboard.press('Enter');
  await visitor.message('one too many').getByRole('img', { name: 'Sent' }).waitFor();
  t.equal(await visitor.writing.inputValue(), '');
});

t.test('a screen reader hears the same words twice when they are said twice', async (t) => {
  const { client } = await guest(house.stack, 'player2');
  t.teardown(() => client.terminate());
  const visitor = await house.visit(t, 'player1');
  await visitor.open(official);
  await visitor.page.evaluate(() => {
    const region = document.querySelector('p[aria-live=polite]');
    const spoken: string[] = [];
    Object.assign(globalThis, { spoken });
    if (region)
      new MutationObserver(() => spoken.push(region.textContent)).observe(region, {
        childList: true,
        characterData: true,
        subtree: true,
      });
  });
  const spoken = () => visitor.page.evaluate<string[]>('spoken');
  for (const count of [1, 2]) {
    await client.request({ type: 'groupMessage', groupId: 1, content: 'Anybody here?' });
    await eventually(async () => (await spoken()).length >= count, 30_000, `Not heard ${count} times`);
  }
  t.strictSame(await spoken(), ['player2: Anybody here?', 'player2: Anybody here?']);
});

t.test('Escape that ends an input method neither closes a panel nor empties the filter', async (t) => {
  const visitor = await house.visit(t, 'player1');
  const { page } = visitor;
  await visitor.open(official);
  const filter = page.getByRole('navigation').getByRole('searchbox');
  await filter.fill('官');
  await page.keyboard.press('Control+f');
  const panel = page.getByRole('searchbox', { name: 'What to look for' });
  await panel.waitFor();
  const ofInputMethod = { key: 'Escape', isComposing: true, bubbles: true };
  await panel.dispatchEvent('keydown', ofInputMethod);
  await filter.dispatchEvent('keydown', ofInputMethod);
  t.equal(await filter.inputValue(), '官');
  await panel.waitFor();
  await panel.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await filter.press('Escape');
  t.equal(await filter.inputValue(), '');
});
