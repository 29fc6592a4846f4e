import { isDeepStrictEqual } from 'node:util';
import { eventually, type TestClient } from '@teahouse/test';
import type { Test } from 'tap';
import { each } from '../e2e/people.js';
import { Holder } from './holder.js';
import type { Account, System } from './system.js';

type Who = 'owner' | 'deputy' | 'member' | 'late';
type Step = readonly [who: Who, frame: Record<string, unknown> & { readonly type: string }];

/**
 * A story in which everything happens once. After each step everybody who was there from the beginning, and only listens,
 * holds what somebody holds who logs in now.
 */
export async function inStep(t: Test, system: System): Promise<void> {
  const names: readonly Who[] = ['owner', 'deputy', 'member', 'late'];
  const accounts = new Map<Who, Account>();
  for (const name of names) accounts.set(name, await system.account(`step-${name}`));
  const account = (who: Who) => accounts.get(who) as Account;
  const { id: deputy } = account('deputy');
  const { id: member } = account('member');
  const { id: late } = account('late');
  const { id: owner } = account('owner');
  const asking = new Map<Who, TestClient>();
  for (const name of names) asking.set(name, await system.connect(account(name), 0));
  const ask = async ([who, frame]: Step) => (asking.get(who) as TestClient).request(frame, 30_000);

  const listeners = await each(names, 1, async (name) => ({
    name,
    holder: await Holder.of(await system.connect(account(name), 1)),
  }));
  const compare = async (after: string) => {
    await each(listeners, 4, async ({ name, holder }) => {
      const wanted = await Holder.anew(await system.connect(account(name), 0));
      const same = async () => isDeepStrictEqual(await holder.state(), wanted);
      await eventually(same, 10_000, 'not in step').catch(() => {});
      t.strictSame(await holder.state(), wanted, `${name} is in step after ${after}`);
    });
  };

  const made = await ask(['owner', { type: 'createGroup', groupName: '一' }]);
  const groupId = Number(made.groupId);
  await compare('createGroup');

  const about = (type: string, fields: object = {}) => ({ type, groupId, ...fields });
  const story: readonly Step[] = [
    ['deputy', about('joinGroup')],
    ['deputy', about('inviteMember', { userId: member })],
    ['owner', about('setRights', { userId: deputy, rights: 'admin' })],
    ['member', about('groupMessage', { content: '你好', clientId: 'step' })],
    ['owner', about('groupMessage', { content: '你也好' })],
    ['deputy', about('markRead', { seq: 6 })],
    ['member', about('recallMessage', { seq: 5 })],
    ['deputy', about('updateGroup', { groupName: '二', announcement: '喝茶', joinPolicy: 'approval' })],
    ['late', about('joinGroup')],
    ['deputy', about('answerJoinRequest', { userId: late, accept: false })],
    ['late', about('joinGroup')],
    ['deputy', about('answerJoinRequest', { userId: late, accept: true })],
    ['owner', about('muteMember', { userId: member, seconds: 600 })],
    ['deputy', about('removeMember', { userId: member })],
    ['owner', about('inviteMember', { userId: member })],
    ['owner', about('muteMember', { userId: member, seconds: 0 })],
    ['owner', about('setGroupState', { state: 'adminsOnly' })],
    ['owner', about('setGroupState', { state: 'normal' })],
    ['late', about('leaveGroup')],
    ['deputy', about('banMember', { userId: late })],
    ['deputy', about('unbanMember', { userId: late })],
    ['owner', about('inviteMember', { userId: late })],
    ['owner', about('banMember', { userId: late })],
    ['owner', about('muteMember', { userId: deputy, seconds: 600 })],
    ['owner', about('transferOwner', { userId: deputy })],
    ['owner', about('leaveGroup')],
    ['member', { type: 'privateMessage', to: owner, content: '私聊' }],
    ['owner', { type: 'privateMessage', to: member, content: '在' }],
    ['member', { type: 'markRead', with: owner, seq: 2 }],
    ['member', { type: 'recallMessage', with: owner, seq: 1 }],
    ['owner', { type: 'blockUser', userId: member }],
    ['owner', { type: 'unblockUser', userId: member }],
    ['deputy', about('dissolveGroup')],
    ['member', about('leaveGroup')],
  ];
  for (const step of story) {
    await ask(step);
    await compare(`${step[1].type} by ${step[0]}`);
  }
}
