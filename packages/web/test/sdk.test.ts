import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@teahouse/test';
import type { BrowserContext, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { guest, openHouse } from './house.js';
import { launchBrowser } from './visitor.js';

// The client package in a real browser, without our page around it: its tabs, its storage, its network, its sleep.

t.setTimeout(300_000);

const patienceMs = 30_000;
const groupId = 1;
const dist = join(import.meta.dirname, '..', '..', 'client', 'dist');
const html = `<!doctype html><title>tab</title>
<script type="importmap">{ "imports": { "#websocket": "./websocket-browser.js" } }</script>
<script type="module">
  import { ChatClient, indexedDbStore } from './index.js';
  const client = new ChatClient({ url: new URLSearchParams(location.search).get('server'), username: 'player1', password: '123456', store: indexedDbStore() });
  Object.assign(globalThis, { client, got: [], errors: [], pageEvents: [] });
  client.on('groupMessage', ({ content }) => got.push(content));
  client.on('error', (error) => errors.push(String(error)));
  for (const type of ['online', 'offline']) addEventListener(type, () => pageEvents.push(type));
  globalThis.kept = () => new Promise((resolve, reject) => {
    const opening = indexedDB.open('teahouse');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const all = opening.result.transaction('outgoing').objectStore('outgoing').getAll();
      all.onsuccess = () => { opening.result.close(); resolve(all.result.map(({ content }) => content)); };
    };
  });
  await client.connect();
</script>`;

/** The page of another server, which the gateway is told of: nothing of ours is around the client. */
const pages = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const name = pathname.slice(1);
  response.setHeader('content-type', name === '' ? 'text/html' : 'text/javascript');
  if (name === '') response.end(html);
  else
    readFile(join(dist, name)).then(
      (text) => response.end(text),
      () => response.writeHead(404).end(),
    );
}).listen(0, '127.0.0.1');
await once(pages, 'listening');
t.teardown(() => pages.close());
const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;

const stack = await openHouse((line) => t.comment(line), { ALLOWED_ORIGINS: origin });
t.teardown(() => stack.stop());
const browser = await launchBrowser();
t.teardown(() => browser.close());
const address = `${origin}/?server=${stack.urls[0]}`;
const [gateway] = stack.services.gateway;
if (!gateway) throw new Error('There is no gateway.');

/** One tab with a client in it, and what it put on its wires. */
class Tab {
  readonly sent: string[] = [];

  private constructor(readonly page: Page) {
    page.setDefaultTimeout(patienceMs);
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        const { type, content } = JSON.parse(String(payload)) as { type: string; content?: string };
        if (type === 'groupMessage') this.sent.push(String(content));
      }),
    );
  }

  static async open(context: BrowserContext): Promise<Tab> {
    const tab = new Tab(await context.newPage());
    await tab.page.goto(address);
    await tab.ready();
    return tab;
  }

  async ready(): Promise<void> {
    await this.page.waitForFunction("globalThis.client?.state === 'ready'");
  }

  async post(...contents: string[]): Promise<void> {
    for (const content of contents)
      await this.page.evaluate(`void client.post({ groupId: ${groupId} }, ${JSON.stringify(content)})`);
  }

  /** Until the browser has stored that these wait. */
  async keeps(...contents: string[]): Promise<void> {
    const all = async () => {
      const kept = new Set(await this.page.evaluate<string[]>('kept()'));
      return contents.every((one) => kept.has(one));
    };
    await eventually(all, patienceMs, 'It is not kept');
  }

  async settled(): Promise<void> {
    await this.page.waitForFunction('client.outgoing().length === 0');
  }

  async list(name: 'got' | 'errors' | 'pageEvents'): Promise<string[]> {
    return await this.page.evaluate<string[]>(name);
  }
}

/** A browser of its own, which keeps nothing of the others. */
async function house(t: Test): Promise<BrowserContext> {
  const context = await browser.newContext();
  t.teardown(() => context.close());
  return context;
}

/** What stands in the group and begins with this, as somebody else reads it. */
async function stored(prefix: string): Promise<string[]> {
  const { client } = await guest(stack, 'player2');
  const { messages } = await client.request({ type: 'history', groupId, limit: 200 }, patienceMs);
  client.terminate();
  return (messages as { content: string }[]).map(({ content }) => content).filter((one) => one.startsWith(prefix));
}

for (const end of ['is closed', 'crashes'])
  t.test(`a tab ${end} with messages unsent: the next one sends them, once and in order`, async (t) => {
    const context = await house(t);
    const texts = [1, 2, 3].map((number) => `${end} ${number}`);
    const first = await Tab.open(context);
    gateway.kill('SIGSTOP');
    await first.post(...texts);
    await first.keeps(...texts);
    if (end === 'crashes') {
      const crashed = first.page.waitForEvent('crash');
      const devtools = await context.newCDPSession(first.page);
      devtools.send('Page.crash').catch(() => {}); // Nobody is left to answer.
      await crashed;
    }
    await first.page.close();
    gateway.kill('SIGCONT');
    const next = await Tab.open(context);
    await eventually(() => next.sent.length >= 3, patienceMs, 'Not all were sent');
    await next.settled();
    t.strictSame(next.sent, texts);
    t.strictSame(await stored(end), texts);
    t.strictSame(await next.list('errors'), []);
  });

t.test('three tabs of one user: each sends its own, and one of two what the third left', async (t) => {
  const context = await house(t);
  const tabs = [await Tab.open(context), await Tab.open(context), await Tab.open(context)] as const;
  const [one, two, three] = tabs;
  gateway.kill('SIGSTOP');
  for (const [index, tab] of tabs.entries()) await tab.post(`tabs ${index}a`, `tabs ${index}b`);
  await one.keeps(...[0, 1, 2].flatMap((index) => [`tabs ${index}a`, `tabs ${index}b`]));
  await gateway.down('SIGKILL');
  await three.page.close();
  for (const { sent } of [one, two]) sent.length = 0;
  await gateway.up();
  for (const tab of [one, two]) {
    await tab.page.evaluate('client.wake()');
    await tab.ready();
    await tab.settled();
  }
  await eventually(async () => (await stored('tabs')).length === 6, patienceMs, 'Not all are there');
  for (const tab of [one, two]) await tab.settled();
  const left = (tab: Tab) => tab.sent.filter((text) => text.startsWith('tabs 2'));
  t.strictSame([...left(one), ...left(two)], ['tabs 2a', 'tabs 2b'], 'adopted once');
  t.strictSame(
    one.sent.filter((text) => !text.startsWith('tabs 2')),
    ['tabs 0a', 'tabs 0b'],
  );
  t.strictSame(
    two.sent.filter((text) => !text.startsWith('tabs 2')),
    ['tabs 1a', 'tabs 1b'],
  );
  const all = await stored('tabs');
  t.strictSame(
    [...all].sort(),
    [0, 1, 2].flatMap((index) => [`tabs ${index}a`, `tabs ${index}b`]),
  );
  for (const tab of [one, two]) {
    await eventually(async () => (await tab.list('got')).length >= 6, patienceMs, 'Not all are heard');
    t.strictSame(
      (await tab.list('got')).filter((text) => text.startsWith('tabs')),
      all,
      'heard once and in order',
    );
  }
});

t.test('the network goes and comes back: what was written meanwhile is sent at once, and once', async (t) => {
  const context = await house(t);
  const tab = await Tab.open(context);
  await context.setOffline(true);
  await tab.page.waitForFunction("client.state !== 'ready'");
  await tab.post('offline 1', 'offline 2');
  await context.setOffline(false);
  await tab.ready();
  await tab.settled();
  t.strictSame(await stored('offline'), ['offline 1', 'offline 2']);
  t.strictSame(await tab.list('pageEvents'), ['offline', 'online']);
  t.strictSame(await tab.list('errors'), []);
});

t.test('a tab sleeps while its connection dies and others talk: it wakes and misses nothing', async (t) => {
  const context = await house(t);
  const tab = await Tab.open(context);
  const devtools = await browser.newBrowserCDPSession();
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
  const tabs = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  gateway.kill('SIGSTOP');
  await tab.post('asleep 1');
  await tab.keeps('asleep 1');
  // As good as a machine that sleeps; no call of the debugger freezes a tab that playwright keeps in focus.
  for (const pid of tabs) process.kill(pid, 'SIGSTOP');
  await gateway.down('SIGKILL');
  await gateway.up();
  const { client } = await guest(stack, 'player3');
  for (const number of [2, 3]) await client.request({ type: 'groupMessage', groupId, content: `asleep ${number}` });
  client.terminate();
  for (const pid of tabs) process.kill(pid, 'SIGCONT');
  await tab.settled();
  await eventually(async () => (await tab.list('got')).length >= 3, patienceMs, 'Not all are heard');
  t.strictSame(await stored('asleep'), ['asleep 2', 'asleep 3', 'asleep 1']);
  t.strictSame(await tab.list('got'), ['asleep 2', 'asleep 3', 'asleep 1']);
  t.strictSame(await tab.list('errors'), []);
});

t.test('a tab goes elsewhere with messages unsent, and comes back', async (t) => {
  const context = await house(t);
  const tab = await Tab.open(context);
  gateway.kill('SIGSTOP');
  await tab.post('away 1', 'away 2');
  await tab.keeps('away 1', 'away 2');
  await tab.page.goto('about:blank');
  gateway.kill('SIGCONT');
  await tab.page.goBack({ waitUntil: 'commit' });
  await tab.ready();
  await eventually(async () => (await stored('away')).length === 2, patienceMs, 'Not all are there');
  await tab.settled();
  t.strictSame(await stored('away'), ['away 1', 'away 2']);
});

t.test(
  'a page is kept by the browser while another is looked at: it goes on where it was, and misses nothing',
  async (t) => {
    // A browser under pressure may drop any page that it keeps; one that the client kept it from keeping is never kept.
    for (let attempt = 1; attempt <= 3; attempt++) {
      const context = await house(t);
      const tab = await Tab.open(context);
      await tab.page.evaluate('globalThis.kept = true');
      await tab.page.goto(`${origin}/index.js`);
      const { client } = await guest(stack, 'player3');
      const texts = [1, 2].map((number) => `elsewhere ${attempt} ${number}`);
      for (const content of texts) await client.request({ type: 'groupMessage', groupId, content });
      client.terminate();
      await tab.page.goBack({ waitUntil: 'commit' });
      await tab.ready();
      if ((await tab.page.evaluate('globalThis.kept')) !== true) continue;
      await eventually(async () => (await tab.list('got')).length >= 2, patienceMs, 'Not all are heard');
      t.strictSame(await tab.list('got'), texts);
      t.strictSame(await tab.list('errors'), []);
      return;
    }
    t.fail('it was never the same page');
  },
);

const trouble = {
  'the browser has none': 'Object.defineProperty(globalThis, "indexedDB", { value: undefined })',
  'the browser refuses it': 'IDBFactory.prototype.open = () => { throw new DOMException("denied", "SecurityError"); }',
  'it never answers': 'IDBFactory.prototype.open = () => new EventTarget()',
  'it is full': '',
};
for (const [how, script] of Object.entries(trouble))
  t.test(`IndexedDB, where ${how}: the client goes on in memory and tells it once`, async (t) => {
    const context = await house(t);
    if (script) await context.addInitScript(script);
    else {
      const page = await context.newPage();
      await page.goto(address);
      const devtools = await context.newCDPSession(page);
      await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
    }
    const tab = await Tab.open(context);
    await tab.post(`${how} 1`);
    await tab.settled();
    gateway.kill('SIGSTOP');
    await tab.post(`${how} 2`, `${how} 3`);
    await gateway.down('SIGKILL');
    await gateway.up();
    await tab.page.evaluate('client.wake()');
    await tab.settled();
    t.strictSame(
      await stored(how),
      [1, 2, 3].map((number) => `${how} ${number}`),
    );
    t.strictSame(await tab.page.evaluate('client.recent({ groupId: 1 }).then(({ length }) => length)'), 0);
    t.equal((await tab.list('errors')).length, 1, (await tab.list('errors')).join());
  });
