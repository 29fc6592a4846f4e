import { isDeepStrictEqual } from 'node:util';
import { eventually, type Frame, RequestError, type TestClient } from '@teahouse/test';
import type { Test } from 'tap';
import { each } from '../e2e/people.js';
import { Holder } from './holder.js';
import type { Account, System } from './system.js';

type Asked = Record<string, unknown> & { readonly type: string };

const waves = 12;

/**
 * Three who run one group change it at once while others come and go, on all gateways and instances. In the end everybody
 * holds what somebody holds who logs in now; and on the way every whole of the group that was
 * pushed said just what the notices heard until then said, however the events overtook each other.
 */
export async function storm(t: Test, system: System): Promise<void> {
  const names = ['owner', 'deputy', 'aide', 'guest', 'visitor', 'caller'] as const;
  type Who = (typeof names)[number];
  const entries = await each(names, 2, async (name) => [name, await system.account(`storm-${name}`)] as const);
  const accounts = Object.fromEntries(entries) as Record<Who, Account>;
  const gatewayOf = (name: Who) => (names.indexOf(name) % 2 ? 1 : 0);
  const asking = Object.fromEntries(
    await each(names, 2, async (name) => [name, await system.connect(accounts[name], gatewayOf(name))] as const),
  ) as Record<Who, TestClient>;
  const listening = await each(names, 2, async (name) => {
    const client = await system.connect(accounts[name], gatewayOf(name) ? 0 : 1);
    return { name, client, holder: await Holder.of(client) };
  });
  const made = await asking.owner.request({ type: 'createGroup', groupName: '0' }, 30_000);
  const groupId = Number(made.groupId);
  /** Who was in the way of whom is open, and so is what a busy machine did not answer in time. */
  const ask = async (who: Who, frame: Asked) => {
    try {
      await asking[who].request({ groupId, ...frame }, 30_000);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code === 'INTERNAL' || error.code === 'BAD_REQUEST') throw error;
    }
  };
  for (const who of ['deputy', 'aide', 'guest'] as const) await ask(who, { type: 'joinGroup' });
  for (const who of ['deputy', 'aide'] as const)
    await ask('owner', { type: 'setRights', userId: accounts[who].id, rights: 'admin' });

  for (let wave = 1; wave <= waves; wave++) {
    const { guest, visitor, caller } = accounts;
    await Promise.all([
      ask('owner', { type: 'updateGroup', groupName: `owner ${wave}` }),
      ask('deputy', { type: 'updateGroup', groupName: `deputy ${wave}`, announcement: `${wave}` }),
      ask('aide', { type: 'setGroupState', state: wave % 2 ? 'adminsOnly' : 'normal' }),
      ask('owner', { type: 'inviteMember', userId: visitor.id }),
      ask('deputy', { type: 'removeMember', userId: visitor.id }),
      ask('aide', { type: wave % 3 ? 'inviteMember' : 'removeMember', userId: guest.id }),
      ask('owner', { type: 'muteMember', userId: guest.id, seconds: wave % 2 ? 3600 : 0 }),
      ask('caller', { type: wave % 2 ? 'joinGroup' : 'leaveGroup' }),
      ask('deputy', { type: 'removeMember', userId: caller.id }),
      ask('aide', { type: 'groupMessage', content: `${wave}` }),
    ]);
  }

  /** Their room may lag behind the list for a moment, and tell them, too, how the group came to be as it is. */
  const wanted = async (name: Who) => Holder.anew(await system.connect(accounts[name], 0));
  await each(listening, 2, async ({ name, holder, client }) => {
    const same = async () => isDeepStrictEqual(await holder.state(), await wanted(name));
    await eventually(same, 10_000, 'not in step').catch(() => {});
    t.strictSame(await holder.state(), await wanted(name), `${name} is in step`);
    t.strictSame(astray(client.frames, groupId), [], `${name} heard no whole out of its place`);
  });
  await Promise.all(listening.map(({ client }) => client.close()));
}

/** Wholes of a group that do not say what the notices before them said. */
function astray(frames: readonly Frame[], groupId: number): object[] {
  const wrong: object[] = [];
  let known: Record<string, unknown> = {};
  /** counted from the making of the group on, by who was there */
  let members = Number.NaN;
  for (const { type, groupId: place, group, notice } of frames) {
    if (type === 'groups') known = {};
    if (type === 'groupChanged' && (group as Frame).id === groupId) {
      const told = group as Frame;
      const expected = { ...told, ...known, ...(members > 0 ? { memberCount: members } : {}) };
      // Who came in anew missed notices before.
      if ('rights' in told) known = {};
      else if (!isDeepStrictEqual(told, expected)) wrong.push({ told, expected });
    } else if (type === 'groupMessage' && place === groupId && notice) {
      const { event, groupName, announcement, state } = notice as Record<string, unknown>;
      if (event === 'created') members = 1;
      else if (event === 'joined') members += 1;
      else if (event === 'left' || event === 'removed' || event === 'banned') members -= 1;
      const news = Object.entries({ groupName, announcement, state });
      known = { ...known, ...Object.fromEntries(news.filter(([, value]) => value !== undefined)) };
    }
  }
  return wrong;
}
