import { eventually, type TestClient } from '@teahouse/test';
import t, { type Test } from 'tap';
import { type Glide, glide, openAndGlide } from './glide.js';
import { guest, sayMuch } from './house.js';
import { openPage } from './opening.js';

const house = await openPage(t);

t.test('10,000 messages are scrolled to the first, and what is new is told there', async (t) => {
  const many = 10_000;
  const { client } = await guest(house.stack, 'player1');
  t.teardown(() => client.terminate());
  const { groupId } = await client.request({ type: 'createGroup', groupName: 'Long talk' });
  await sayMuch(client, Number(groupId), many, (index) => `Cup number ${index + 1}`);

  const reader = await house.visit(t, 'player1');
  const { page } = reader;
  await reader.open('Long talk');
  await reader.message(`Cup number ${many}`).waitFor();
  const log = page.getByRole('log', { name: 'Messages' });
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

/** Short, long and with many lines, in an order that no guess of their heights gets right. */
const varied = (index: number): string =>
  `Cup ${index + 1}${' and one more'.repeat(index % 5 === 0 ? (index * 7) % 160 : 0)}${'\nline'.repeat(index % 3 === 0 ? (index * 11) % 13 : 0)}`;

/** A group in which such messages and notices take turns. @returns its newest message's number */
async function fill(client: TestClient, groupName: string, parts: number): Promise<{ groupId: number; last: number }> {
  const { groupId } = await client.request({ type: 'createGroup', groupName });
  const each = 50;
  for (let part = 0; part < parts; part++) {
    await sayMuch(client, Number(groupId), each, (index) => varied(part * each + index));
    await client.request({ type: 'updateGroup', groupId, announcement: `Part ${part}` });
  }
  return { groupId: Number(groupId), last: 1 + parts * (each + 1) };
}

function stayed(t: Test, way: string, { frames, pages, lost, moved, reached }: Glide): void {
  t.comment(`${way}: ${frames} frames, ${pages} pages`);
  t.ok(reached, `${way}: there`);
  t.ok(pages >= 5, `${way}: ${pages} pages came in or went meanwhile`);
  t.equal(lost, 0, `${way}: in every frame what was in sight is drawn`);
  t.ok(moved <= 2, `${way}: nothing moved by more than the way scrolled: ${moved} px`);
}

const patienceMs = 120_000;

t.test('whatever the heights of older messages, what is read stays where it is when they come', async (t) => {
  const { client } = await guest(house.stack, 'player2');
  t.teardown(() => client.terminate());
  await fill(client, 'All sizes', 30);
  const reader = await house.visit(t, 'player2');
  // At once: whoever scrolls while the newest messages get their heights is not pulled back to the end.
  stayed(t, 'up', await openAndGlide(reader, 'All sizes', -250, patienceMs));
  t.strictSame(reader.complaints, []);
});

t.test('whoever scrolls away in the very frame in which the list gets smaller is not pulled back', async (t) => {
  const { client } = await guest(house.stack, 'player4');
  t.teardown(() => client.terminate());
  await fill(client, 'Growing head', 1);
  const reader = await house.visit(t, 'player4');
  await reader.open('Growing head');
  await reader.page.getByText('Part 0').first().waitFor();
  const log = reader.page.getByRole('log', { name: 'Messages' });
  const [before, after] = await log.evaluate(async (view) => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    view.scrollBy(0, -250);
    const before = view.scrollTop;
    (view.parentElement as HTMLElement).style.marginTop = '36px';
    await frame();
    await frame();
    return [before, view.scrollTop];
  });
  t.equal(after, before);
  t.strictSame(reader.complaints, []);
});

t.test('no more is held than the device has memory for, and one can go up and down again', async (t) => {
  const { client } = await guest(house.stack, 'player3');
  t.teardown(() => client.terminate());
  const { groupId, last } = await fill(client, 'Small device', 40);
  const reader = await house.visit(t, 'player3');
  // As the browser would tell of 50 MB: 750 messages.
  await reader.page.addInitScript("Object.defineProperty(navigator, 'deviceMemory', { value: 0.05 })");
  await reader.page.reload();
  const up = await openAndGlide(reader, 'Small device', -250, patienceMs);
  stayed(t, 'up', up);
  await client.request({ type: 'groupMessage', groupId, content: 'Said meanwhile' });
  await reader.button('1 new message').waitFor();
  // Longer than the list's library waits before it takes the list to be at rest.
  const down = await glide(reader, 'Small device', 250, patienceMs, 220);
  stayed(t, 'down', down);
  await reader.message('Said meanwhile').waitFor();
  t.strictSame(
    down.seen.toSorted((one, other) => one - other),
    Array.from({ length: last + 1 }, (_, index) => index + 1).filter((seq) => (seq - 1) % 51 !== 0),
    'every message but the notices passed by',
  );
  const tallest = Math.max(up.tallest, down.tallest);
  t.ok(tallest < 0.6 * down.whole, `${tallest} of ${down.whole} px were held at most`);
  t.strictSame(reader.complaints, []);
});
