import { eventually } from '@teahouse/test';
import type { Page, WebSocketRoute } from 'playwright-core';
import t, { type Test } from 'tap';
import { guest, sayMuch } from './house.js';
import { openPage } from './opening.js';
import type { Visitor } from './visitor.js';

// Pages of history that are long on their way, and a reader who goes elsewhere meanwhile.

const house = await openPage(t);
const many = 1_000;
const hits = [150, 700];
const groupName = 'Slow pages';
const { client } = await guest(house.stack, 'player1');
t.teardown(() => client.terminate());
const { groupId } = await client.request({ type: 'createGroup', groupName });
const text = (number: number) => `Cup number ${number}${hits.includes(number) ? ' of jasmine' : ''}.`;
await sayMuch(client, Number(groupId), many, (index) => text(index + 1));

/** Keeps answers to `history` back while it is told to. */
class Delay {
  readonly #held: (() => void)[] = [];
  #wanted: ((frame: Record<string, unknown>) => boolean) | undefined;

  static async of(page: Page): Promise<Delay> {
    const delay = new Delay();
    await page.routeWebSocket(/./, (socket) => delay.#between(socket));
    await page.reload();
    return delay;
  }

  get held(): number {
    return this.#held.length;
  }

  hold(wanted: (frame: Record<string, unknown>) => boolean): void {
    this.#wanted = wanted;
  }

  release(): void {
    this.#wanted = undefined;
    for (const pass of this.#held.splice(0)) pass();
  }

  #between(socket: WebSocketRoute): void {
    const server = socket.connectToServer();
    const refs = new Set<unknown>();
    socket.onMessage((message) => {
      const frame = JSON.parse(String(message)) as Record<string, unknown>;
      if (frame.type === 'history' && this.#wanted?.(frame)) refs.add(frame.ref);
      server.send(message);
    });
    server.onMessage((message) => {
      const { ref } = JSON.parse(String(message)) as { ref?: string };
      if (ref !== undefined && refs.delete(ref)) this.#held.push(() => socket.send(message));
      else socket.send(message);
    });
  }
}

const isNewer = ({ afterSeq }: Record<string, unknown>) => afterSeq !== undefined;
const cup = (reader: Visitor, number: number) => reader.message(text(number));
const hit = (reader: Visitor, number: number) =>
  reader.page
    .getByRole('listitem')
    .filter({ hasText: text(number) })
    .getByRole('button');
const latest = 'Go to the latest message';

/** A reader at the end of a page far back, while the next one is on its way and does not come. */
async function readerWhoWaits(t: Test): Promise<{ reader: Visitor; delay: Delay }> {
  const reader = await house.visit(t, 'player1');
  const delay = await Delay.of(reader.page);
  await reader.open(groupName);
  await cup(reader, many).waitFor();
  await reader.page.keyboard.press('Control+f');
  await reader.page.getByRole('searchbox', { name: 'What to look for' }).fill('jasmine');
  await reader.page.keyboard.press('Enter');
  await hit(reader, 150).click();
  await cup(reader, 150).waitFor();
  delay.hold(isNewer);
  const log = reader.page.getByRole('log', { name: 'Messages' });
  await eventually(
    async () => {
      await log.evaluate((view) => view.scrollTo(0, view.scrollHeight));
      return delay.held === 1;
    },
    30_000,
    'The next page is not read',
  );
  return { reader, delay };
}

t.test('the latest messages come though an older page is on its way, and nothing is blank before', async (t) => {
  const { reader, delay } = await readerWhoWaits(t);
  delay.hold(() => true);
  await reader.button(latest).click();
  await eventually(async () => delay.held === 2, 30_000, 'The latest page is not read');
  t.ok((await reader.texts()).length > 0, 'what was read stays until then');
  await client.request({ type: 'groupMessage', groupId, content: 'Said meanwhile.' });
  await reader.button('1 new message').waitFor();
  delay.release();
  await reader.message('Said meanwhile.').waitFor();
  await cup(reader, many).waitFor();
  await reader.button(/new message|latest/).waitFor({ state: 'detached' });
  t.strictSame(reader.complaints, []);
});

t.test('whoever writes while a page is on its way sees what they wrote', async (t) => {
  const { reader, delay } = await readerWhoWaits(t);
  await reader.say('Written far back.');
  await reader.message('Written far back.').getByRole('img', { name: 'Sent' }).waitFor();
  await cup(reader, many).waitFor();
  delay.release();
  t.strictSame(reader.complaints, []);
});

t.test('another hit and the first message are shown though a page is on its way', async (t) => {
  const { reader, delay } = await readerWhoWaits(t);
  delay.hold(() => false);
  await hit(reader, 700).click();
  await cup(reader, 700).waitFor();
  await reader.page.getByRole('log', { name: 'Messages' }).press('Home');
  await cup(reader, 1).waitFor();
  delay.release();
  t.strictSame(reader.complaints, []);
});
