import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestClient } from '@teahouse/test';
import type { BrowserContextOptions } from 'playwright-core';
import { guest, openHouse } from './house.js';
import { launchBrowser, Visitor } from './visitor.js';

// Pictures of the main views, on desktop and phone, in light and dark, in both languages: docs/page-*.webp.

const folder = join(import.meta.dirname, '..', '..', '..', 'docs');
const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 720 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 1,
};
const desktop: BrowserContextOptions = { viewport: { width: 1120, height: 680 } };
const official = '官方群';

const house = await openHouse(() => {});
const browser = await launchBrowser();

async function take(visitor: Visitor, name: string): Promise<void> {
  await visitor.page.mouse.move(0, 0);
  await visitor.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 500))));
  const devtools = await visitor.page.context().newCDPSession(visitor.page);
  const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  writeFileSync(join(folder, `page-${name}.webp`), data, 'base64');
}

/** Somebody with a nickname, who came by REST. */
async function regular(username: string, nickname: string): Promise<TestClient> {
  const response = await fetch(`${house.urls[0]}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, nickname, password: '123456' }),
  });
  const { token } = (await response.json()) as { token: string };
  return (await TestClient.login(house.socketUrls[0] as string, { token })).client;
}

async function furnish(): Promise<void> {
  const mei = await regular('mei', '梅');
  const anna = await regular('anna', 'Anna');
  const lin = await regular('lin', '林老师');
  const tom = await regular('tom', 'Tom');
  const { client: admin } = await guest(house, 'admin');
  const say = (client: TestClient, groupId: number, content: string) =>
    client.request({ type: 'groupMessage', groupId, content });
  const { groupId } = await lin.request({ type: 'createGroup', groupName: '龙井茶友会' });
  const club = Number(groupId);
  for (const one of [mei, anna, tom]) await one.request({ type: 'joinGroup', groupId: club });
  await lin.request({
    type: 'updateGroup',
    groupId: club,
    announcement: '今晚八点开茶席，带上你最喜欢的杯子。Tea at eight tonight.',
  });
  await say(lin, club, '春茶到了，明前龙井。');
  await say(anna, club, 'How much may I reserve?');
  await say(lin, club, '每人一两，先到先得。');
  await admin.request({ type: 'updateGroup', groupId: 1, announcement: '欢迎来到茶馆！Welcome to the teahouse!' });
  await say(tom, 1, 'Good evening everybody! Is the tea ready?');
  await say(mei, 1, '大家好，刚沏好，快来坐。');
  await say(mei, 1, '今天是明前龙井，配桂花糕。');
  await say(lin, 1, '水温八十五度，第二泡最好喝。');
  await say(tom, 1, 'Second steeping it is. I am bringing my own cup.');
  const idOf = async (username: string) => {
    const { users } = await tom.request({ type: 'findUser', username });
    return (users as { id: number }[])[0]?.id;
  };
  const to = await idOf('anna');
  await tom.request({ type: 'privateMessage', to, content: 'Shall we walk there together?' });
  await mei.request({ type: 'privateMessage', to, content: '给你留了靠窗的位子 🍵' });
  await anna.request({ type: 'privateMessage', to: await idOf('mei'), content: '太好了，谢谢！' });
  await say(anna, 1, 'On my way — ten minutes. 路上有点堵。');
  await say(mei, 1, '不急，慢慢来。');
}

async function enter(options: BrowserContextOptions): Promise<Visitor> {
  const visitor = await Visitor.arrive(browser, house.urls[0] as string, options);
  await visitor.logIn('anna');
  return visitor;
}

try {
  mkdirSync(folder, { recursive: true });
  await furnish();
  const door = await Visitor.arrive(browser, house.urls[0] as string, { ...desktop, locale: 'zh-CN' });
  await take(door, 'login-zh');
  await door.leave();
  const english = await enter({ ...desktop, locale: 'en' });
  await english.open(official);
  await english.button('Members').click();
  await english.page.getByRole('complementary').getByRole('listitem').first().waitFor();
  await take(english, 'desktop-light-en');
  await english.leave();
  const chinese = await enter({ ...desktop, locale: 'zh-CN', colorScheme: 'dark' });
  await chinese.open('梅');
  await chinese.message('太好了').waitFor();
  await take(chinese, 'desktop-dark-zh');
  await chinese.leave();
  const pocket = await enter({ ...phone, locale: 'zh-CN' });
  await pocket.page.getByRole('link', { name: official }).waitFor();
  await take(pocket, 'phone-list-zh');
  await pocket.page.getByRole('link', { name: '龙井茶友会' }).tap();
  await pocket.message('先到先得').waitFor();
  await take(pocket, 'phone-light-zh');
  await pocket.leave();
  const night = await enter({ ...phone, locale: 'en', colorScheme: 'dark' });
  await night.page.getByRole('link', { name: official }).tap();
  await night.message('慢慢来').waitFor();
  await take(night, 'phone-dark-en');
  await night.leave();
} finally {
  await browser.close();
  await house.stop();
}
