import {
  eventually,
  type ServiceName,
  type ServiceProcess,
  startStack,
  TestClient,
  temporaryDirectory,
} from '@teahouse/test';
import t, { type Test } from 'tap';
import { administration, auditOf, namesOf } from './admin.js';
import { badInput } from './bad-input.js';
import { crowdTalks } from './crowd.js';
import { rest, socketOf, tokenOf } from './people.js';
import { playersMeet } from './seed.js';

const stack = await startStack({
  directory: temporaryDirectory('services'),
  env: {
    NATS_URL: '',
    SEED_DEMO: 'true',
    LOG_LEVEL: 'warn',
    RATE_MESSAGES_PER_SECOND: '0',
    RATE_LOGINS_PER_MINUTE: '0',
  },
  instances: { gateway: 2 },
  log: (who, line) => t.comment(`${who}: ${line}`),
});
t.teardown(() => stack.stop());
const [url, otherUrl] = stack.urls as [string, string];

function only(name: ServiceName): ServiceProcess {
  const [service] = stack.services[name];
  if (service === undefined) throw new Error(`There is no ${name}.`);
  return service;
}

async function players(t: Test): Promise<[TestClient, TestClient, number]> {
  const login = (username: string) => TestClient.login(socketOf(url), { username, password: '123456' });
  const [one, two] = [await login('player1'), await login('player2')];
  t.teardown(() => {
    one.client.terminate();
    two.client.terminate();
  });
  return [one.client, two.client, (two.ready.user as { id: number }).id];
}

/** Rejects with UNAVAILABLE within 2 s, and a little for this machine. */
async function unavailable(t: Test, work: () => Promise<unknown>): Promise<void> {
  const started = Date.now();
  await t.rejects(work(), { code: 'UNAVAILABLE' });
  t.ok(Date.now() - started < 2_200, `told after ${Date.now() - started} ms`);
}

const back = (work: () => Promise<unknown>) => eventually(work, 5_000, 'Not back within five seconds');

t.test('the players of the seed scripts meet', (t) => playersMeet(t, url));

t.test('a crowd talks', (t) => crowdTalks(t, url));

t.test('bad input', (t) => badInput(t, url));

t.test('administration on two gateways', (t) => administration(t, url, otherUrl));

t.test(
  'private-chat killed: groups go on, private sends are unavailable, then work again on the same sockets',
  async (t) => {
    const [one, two, to] = await players(t);
    const write = (content: string) => one.request({ type: 'privateMessage', to, content, clientId: `p-${content}` });
    await write('before');
    await only('private-chat').down('SIGKILL');
    await unavailable(t, () => write('meanwhile'));
    const { id } = await one.request({ type: 'groupMessage', content: '还在' });
    t.ok(await two.waitFor((frame) => frame.type === 'groupMessage' && frame.id === id));
    const late = await TestClient.login(socketOf(url), { username: 'player3', password: '123456' });
    t.match(late.ready, { unavailable: ['conversations'], conversations: [] });
    await only('private-chat').up();
    await back(() => write('after'));
    await two.waitFor((frame) => frame.type === 'privateMessage' && frame.content === 'after');
    await late.client.waitFor((frame) => frame.type === 'conversations');
    await late.client.close();
  },
);

t.test(
  'group-chat killed: private chat goes on, groups are unavailable, then work again on the same sockets',
  async (t) => {
    const [one, two, to] = await players(t);
    const say = (content: string) => one.request({ type: 'groupMessage', content, clientId: `g-${content}` });
    await say('before');
    await only('group-chat').down('SIGKILL');
    await unavailable(t, () => say('meanwhile'));
    const { id } = await one.request({ type: 'privateMessage', to, content: '私聊还在' });
    t.ok(await two.waitFor((frame) => frame.type === 'privateMessage' && frame.id === id));
    // Neither has written to the other before: the common group is known without group-chat.
    const late = await TestClient.login(socketOf(url), { username: 'player4', password: '123456' });
    t.match(late.ready, { unavailable: ['groups'], groups: [] });
    t.ok((await late.client.request({ type: 'privateMessage', to, content: '新的对话' })).seq);
    await only('group-chat').up();
    await back(() => say('after'));
    await two.waitFor((frame) => frame.type === 'groupMessage' && frame.content === 'after');
    await late.client.waitFor((frame) => frame.type === 'groups');
    await late.client.close();
  },
);

t.test('auth killed: who holds a token connects and chats, on a freshly started gateway too', async (t) => {
  const [token, otherToken] = [await tokenOf(url, 'player1'), await tokenOf(url, 'player3')];
  await only('auth').down('SIGKILL');
  const [, gateway] = stack.services.gateway;
  await gateway?.down('SIGKILL');
  await gateway?.up();
  const one = await TestClient.login(socketOf(otherUrl), { token });
  const three = await TestClient.login(socketOf(otherUrl), { token: otherToken });
  t.match(one.ready, { user: { username: 'player1', nickname: 'player1' } });
  const { id } = await one.client.request({ type: 'groupMessage', content: '不用登录' });
  t.ok(await three.client.waitFor((frame) => frame.type === 'groupMessage' && frame.id === id));
  const to = (three.ready.user as { id: number }).id;
  t.ok((await one.client.request({ type: 'privateMessage', to, content: '你好' })).seq);

  const stranger = await TestClient.connect(socketOf(otherUrl));
  await unavailable(t, () => stranger.request({ type: 'init', username: 'player2', password: '123456' }));
  t.equal((await stranger.closed).code, 1013);
  await only('auth').up();
  await back(() => tokenOf(otherUrl, 'player2'));
  await one.client.close();
  await three.client.close();
});

t.test('names and the audit trail of the other domain are there while auth or group-chat is down', async (t) => {
  const token = await tokenOf(url, 'admin');
  const guest = await tokenOf(url, 'guest', 'other-tea');
  const { client, ready } = await TestClient.login(socketOf(url), {
    token: await tokenOf(url, 'teamaster', 'secret-tea'),
  });
  t.teardown(() => client.terminate());
  const accounts = await rest('GET', `${url}/admin/accounts?prefix=guest`, token);
  const [{ id }] = accounts.body.accounts as [{ id: number }];
  await rest('PATCH', `${url}/admin/accounts/${id}`, token, { disabled: true });
  await only('auth').down('SIGKILL');
  t.equal(await namesOf(client, id, '小茶'), true, 'the nickname that was changed lately');
  const again = await TestClient.login(socketOf(otherUrl), { token });
  t.match(again.ready, { user: { nickname: 'admin', role: 'admin' } });
  await again.client.close();
  t.match(ready, { conversations: [{ userId: id, nickname: '小茶' }] });
  const halves = await auditOf(url, token);
  t.same(halves.unavailable, ['auth']);
  t.ok(halves.entries.length > 0 && halves.entries.every(({ domain }) => domain === 'group'));
  t.equal((await rest('GET', `${url}/me`, guest)).status, 401, 'a disabled account stays out meanwhile');

  await only('auth').up();
  await back(async () => (await auditOf(url, token)).unavailable === undefined);
  await t.rejects(tokenOf(url, 'guest', 'other-tea'), /401/, 'and after a restart');
  await only('group-chat').down('SIGKILL');
  const others = await auditOf(url, token);
  t.same(others.unavailable, ['group']);
  t.match(others.entries[0], { domain: 'auth', act: 'disableAccount', userId: id });
  await only('group-chat').up();
  await back(async () => (await auditOf(url, token)).unavailable === undefined);
});
