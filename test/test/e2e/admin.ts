import { eventually, type Frame, TestClient } from '@teahouse/test';
import type { Test } from 'tap';
import { newcomer, post, rest, socketOf, tokenOf } from './people.js';

const password = 'secret-tea';
/** What the protocol promises, and a little for this machine. */
const closedWithinMs = 2_200;

interface Entry {
  readonly domain: string;
  readonly by: number;
  readonly act: string;
  readonly userId?: number;
  readonly groupId?: number;
  readonly address?: string;
}

export async function auditOf(url: string, token: string): Promise<{ entries: Entry[]; unavailable?: string[] }> {
  const { status, body } = await rest('GET', `${url}/admin/audit?limit=200`, token);
  if (status !== 200) throw new Error(`the audit trail answers ${status}`);
  return body as unknown as { entries: Entry[]; unavailable?: string[] };
}

/** What the system's admin does, as users on two gateways (or one) live through it. */
export async function administration(t: Test, url: string, otherUrl: string): Promise<void> {
  const token = await tokenOf(url, 'admin');
  const admin = await TestClient.login(socketOf(url), { token });
  const owner = await newcomer(otherUrl, 'teamaster');
  const guest = await newcomer(url, 'guest');
  const open = [admin.client, owner.client, guest.client];
  t.teardown(() => {
    for (const client of open) client.terminate();
  });
  const onBoth = async (word: string) => {
    const pair = await post(`${url}/login`, { username: 'guest', password: word });
    const sockets = await Promise.all(
      [url, otherUrl].map((one) => TestClient.login(socketOf(one), { token: String(pair.token) })),
    );
    const clients = sockets.map(({ client }) => client);
    open.push(...clients);
    return { ...pair, clients } as { token: string; refreshToken: string; clients: TestClient[] };
  };
  const allClosed = async (clients: readonly TestClient[], what: string) => {
    const from = Date.now();
    for (const { code } of await Promise.all(clients.map(({ closed }) => closed))) t.equal(code, 4401, what);
    t.ok(Date.now() - from < closedWithinMs, `${what}: closed after ${Date.now() - from} ms`);
  };
  const account = (id: number) => `${url}/admin/accounts/${id}`;

  const before = await onBoth(password);
  const disabled = await rest('PATCH', account(guest.id), token, { disabled: true });
  await allClosed([guest.client, ...before.clients], 'disabled');
  t.match(disabled, { status: 200, body: { id: guest.id, username: 'guest', disabled: true } });
  const refusedSocket = await TestClient.connect(socketOf(otherUrl));
  await t.rejects(refusedSocket.request({ type: 'init', token: before.token }), { code: 'UNAUTHENTICATED' });
  t.equal((await refusedSocket.closed).code, 4401);
  await t.rejects(tokenOf(url, 'guest', password), /401/);
  await t.rejects(post(`${url}/token`, { refreshToken: before.refreshToken }), /401/);
  t.equal((await rest('GET', `${otherUrl}/me`, before.token)).status, 401);
  t.match(await rest('GET', `${url}/admin/accounts?prefix=GUE`, token), { body: { accounts: [{ disabled: true }] } });

  t.equal((await rest('PATCH', account(guest.id), token, { disabled: false })).status, 200);
  const again = await onBoth(password);
  const reset = await rest('PUT', `${account(guest.id)}/password`, token, { newPassword: 'other-tea' });
  await allClosed(again.clients, 'password reset');
  t.equal(reset.status, 204);
  await t.rejects(tokenOf(url, 'guest', password), /401/);
  const { clients, token: mine } = await onBoth('other-tea');
  const [here, there] = clients as [TestClient, TestClient];

  const { body: told } = await rest('POST', `${url}/admin/notices`, token, { content: '今晚八点维护' });
  const official = { type: 'groupMessage', groupId: 1, seq: told.seq, kind: 'notice', content: '今晚八点维护' };
  for (const client of [here, there, owner.client]) {
    const frame = await client.waitFor((one) => one.type === 'groupMessage' && one.id === told.id);
    t.match(frame, { ...official, notice: { event: 'updated', official: true } });
  }

  // In a group that the admin is no member of, as its owner may.
  const { groupId } = await owner.client.request({ type: 'createGroup', groupName: '茶室', joinPolicy: 'invite' });
  await owner.client.request({ type: 'inviteMember', groupId, userId: guest.id });
  await admin.client.request({ type: 'transferOwner', groupId, userId: guest.id });
  await admin.client.request({ type: 'removeMember', groupId, userId: owner.id });
  t.match((await here.request({ type: 'groupInfo', groupId })).group, { rights: 'owner', memberCount: 1 });

  for (const [method, path, body] of [
    ['GET', '/admin/accounts'],
    ['PATCH', `/admin/accounts/${owner.id}`, { disabled: true }],
    ['PUT', `/admin/accounts/${owner.id}/password`, { newPassword: password }],
    ['POST', '/admin/notices', { content: 'x' }],
    ['GET', '/admin/audit'],
  ] as [string, string, object?][]) {
    t.equal((await rest(method, otherUrl + path, mine, body)).status, 403, `${path} is for admins`);
  }
  t.equal((await rest('PATCH', account(1), token, { disabled: true })).status, 409, 'the last admin stays');

  const { entries } = await auditOf(otherUrl, token);
  const acts = entries.filter((entry) => [guest.id, owner.id].includes(entry.userId ?? 0) || entry.groupId === 1);
  t.match(acts.slice(0, 7), [
    { domain: 'group', by: 1, act: 'removeMember', userId: owner.id, groupId, address: '127.0.0.1' },
    { domain: 'group', by: 1, act: 'transferOwner', userId: guest.id, groupId },
    { domain: 'group', by: owner.id, act: 'inviteMember', userId: guest.id, groupId, address: '127.0.0.1' },
    { domain: 'group', by: 1, act: 'officialNotice', groupId: 1, address: '127.0.0.1' },
    { domain: 'auth', by: 1, act: 'resetPassword', userId: guest.id, address: '127.0.0.1' },
    { domain: 'auth', by: 1, act: 'enableAccount', userId: guest.id },
    { domain: 'auth', by: 1, act: 'disableAccount', userId: guest.id },
  ]);

  // A new nickname is seen by others in what they are shown of people.
  await owner.client.request({ type: 'privateMessage', to: guest.id, content: '你好' });
  t.equal((await rest('PATCH', `${url}/me`, mine, { nickname: '小茶' })).status, 200);
  await eventually(() => namesOf(owner.client, guest.id, '小茶'), 8_000, 'The new nickname is not seen');
}

/** Whether somebody shows under this nickname among the members and the conversations that a client is shown. */
export async function namesOf(client: TestClient, userId: number, nickname: string): Promise<boolean> {
  const members = await client.request({ type: 'listMembers', groupId: 1, after: userId - 1, limit: 1 });
  const { conversations } = await client.request({ type: 'listConversations' });
  const shown = (list: unknown) => (list as Frame[]).find((one) => one.userId === userId)?.nickname;
  return shown(members.members) === nickname && shown(conversations) === nickname;
}
