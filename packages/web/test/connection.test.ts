import { eventually } from '@teahouse/test';
import t from 'tap';
import { FreeTab } from './free-tab.js';
import { guest } from './house.js';
import { official, openPage } from './opening.js';
import { drawnTexts, type Visitor } from './visitor.js';

const house = await openPage(t);

/** All complaints but the browser's own words about a lost connection. */
function unexpected({ complaints }: Visitor): string[] {
  return complaints.filter((text) => !/WebSocket connection to .* failed|ERR_INTERNET_DISCONNECTED/.test(text));
}

t.test('the gateway is killed while a message is being sent: it arrives once', async (t) => {
  const [gateway] = house.stack.services.gateway;
  if (!gateway) throw new Error('There is no gateway.');
  const one = await house.visit(t, 'player1');
  const two = await house.visit(t, 'player2');
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
    const said = await visitor.texts();
    t.strictSame(said.slice(-3), ['before', 'in between', 'written offline'], 'once each and in order');
    t.strictSame(unexpected(visitor), []);
  }
});

t.test('the network goes and comes back: the page says so, and what was said meanwhile is there once', async (t) => {
  const one = await house.visit(t, 'player1');
  const two = await house.visit(t, 'player2');
  await one.open(official);
  await two.open(official);
  await one.say('with a network');
  await two.message('with a network').waitFor();
  await one.page.context().setOffline(true);
  await one.page.getByText('This device has no network.').waitFor();
  await one.say('without a network');
  await one.message('without a network').getByRole('img', { name: 'Sending' }).waitFor();
  await two.say('heard later');
  await two.message('heard later').getByRole('img', { name: 'Sent' }).waitFor();
  t.equal(await one.message('heard later').count(), 0);
  await one.page.context().setOffline(false);
  await one.page.getByText('Back, and caught up.').waitFor();
  await one.message('without a network').getByRole('img', { name: 'Sent' }).waitFor();
  await two.message('without a network').waitFor();
  for (const visitor of [one, two]) {
    t.strictSame((await visitor.texts()).slice(-3), ['with a network', 'heard later', 'without a network']);
    t.strictSame(unexpected(visitor), []);
  }
});

t.test('a tab is frozen while others talk: they see who is away, and it comes back to all of it', async (t) => {
  const tab = await FreeTab.open(house.browser, house.url);
  await tab.until("document.querySelector('input[name=password]')");
  await tab.evaluate(`for (const [name, value] of [['username', 'player3'], ['password', '123456']]) {
    const field = document.querySelector('input[name=' + name + ']');
    field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  document.querySelector('form').requestSubmit()`);
  await tab.until("document.querySelector('[role=log] article')");
  const { client, id } = await guest(house.stack, 'player4');
  t.teardown(() => client.terminate());
  const { users } = await client.request({ type: 'findUser', username: 'player3' });
  const [{ id: away } = { id: 0 }] = users as { id: number }[];
  const online = async () => (await client.request({ type: 'presence', userIds: [away] })).online as number[];
  t.strictSame(await online(), [away]);
  await client.request({ type: 'groupMessage', groupId: 1, content: 'before the frost' });
  await tab.until(`${drawnTexts}.at(-1) === 'before the frost'`);

  await tab.freeze();
  await eventually(async () => (await online()).length === 0, 30_000, 'They count as online');
  for (const number of [1, 2, 3])
    await client.request({ type: 'groupMessage', groupId: 1, content: `frost ${number}` });
  await client.request({ type: 'privateMessage', to: away, content: 'Are you cold?' });
  await tab.thaw();
  await tab.until(`${drawnTexts}.at(-1) === 'frost 3'`);
  t.strictSame((await tab.evaluate<string[]>(drawnTexts)).slice(-4), [
    'before the frost',
    'frost 1',
    'frost 2',
    'frost 3',
  ]);
  t.strictSame(await online(), [away]);
  await tab.until(`document.querySelector('nav a[href="#/u/${id}"]')?.textContent.includes('Are you cold?')`);
  await tab.until("document.querySelector('[role=status]').textContent.trim() === ''");
});

t.test('another page is looked at and one comes back: what was said meanwhile is there once', async (t) => {
  const one = await house.visit(t, 'player1');
  const two = await house.visit(t, 'player2');
  await one.open(official);
  await two.open(official);
  await one.say('stepping out');
  await one.message('stepping out').getByRole('img', { name: 'Sent' }).waitFor();
  await one.page.goto('about:blank');
  await two.say('while you were out');
  await two.message('while you were out').getByRole('img', { name: 'Sent' }).waitFor();
  await one.page.goBack({ waitUntil: 'commit' });
  await one.message('while you were out').waitFor();
  t.strictSame((await one.texts()).slice(-2), ['stepping out', 'while you were out']);
  await one.say('back');
  await two.message('back').waitFor();
  t.strictSame([...unexpected(one), ...unexpected(two)], []);
});

t.test(
  'groups are down while one comes, and come back: the group looked at is shown without asking again',
  async (t) => {
    const [groupChat] = house.stack.services['group-chat'];
    if (!groupChat) throw new Error('There is no group-chat.');
    const visitor = await house.visit(t, 'player1');
    await visitor.open(official);
    await visitor.say('said before');
    await visitor.message('said before').getByRole('img', { name: 'Sent' }).waitFor();
    await visitor.button('Members').click();
    await groupChat.down('SIGKILL');
    await visitor.page.reload();
    const bar = visitor.page.getByText('Groups are not available at present');
    await bar.waitFor();
    const panel = visitor.page.getByRole('complementary');
    t.equal(await panel.getByRole('listitem').count(), 0);
    await groupChat.up();
    await bar.waitFor({ state: 'detached' });
    await visitor.page
      .getByRole('main')
      .getByText(/^\d+ members$/)
      .waitFor();
    await panel.getByRole('listitem').filter({ hasText: 'player2' }).waitFor();
    await visitor.message('said before').waitFor();
    t.strictSame(unexpected(visitor), []);
  },
);

t.test(
  'private chat is down while one comes, and comes back: what was said is shown without asking again',
  async (t) => {
    const [privateChat] = house.stack.services['private-chat'];
    if (!privateChat) throw new Error('There is no private-chat.');
    const { client } = await guest(house.stack, 'player4');
    t.teardown(() => client.terminate());
    const { users } = await client.request({ type: 'findUser', username: 'player1' });
    const [{ id }] = users as [{ id: number }];
    await client.request({ type: 'privateMessage', to: id, content: 'said in private' });
    const visitor = await house.visit(t, 'player1');
    await visitor.open('player4');
    await visitor.message('said in private').waitFor();
    await privateChat.down('SIGKILL');
    await visitor.page.reload();
    const bar = visitor.page.getByText('Private chats are not available at present');
    await bar.waitFor();
    t.equal(await visitor.message('said in private').count(), 0);
    await privateChat.up();
    await bar.waitFor({ state: 'detached' });
    await visitor.message('said in private').waitFor();
    t.strictSame(unexpected(visitor), []);
  },
);
