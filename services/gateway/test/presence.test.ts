import { createMemoryHub } from '@teahouse/bus';
import {
  authCalls,
  encodeEvent,
  groupCalls,
  limits,
  type MembershipEntry,
  type PresenceEvent,
  subjects,
  views,
} from '@teahouse/contracts';
import { eventually, type Frame } from '@teahouse/test';
import t, { type Test } from 'tap';
import {
  type Connect,
  fakes,
  type Groups,
  gateway,
  nats,
  onlineOf,
  patience,
  player,
  pushed,
  pushes,
  shows,
} from './gateways.js';

async function inProcess(): Promise<Connect> {
  const hub = createMemoryHub();
  return async (name) => hub.connect(name);
}

const setups: { name: string; prepare(t: Test): Promise<Connect> }[] = [
  { name: 'in-process bus', prepare: inProcess },
  { name: 'NATS', prepare: nats },
];

for (const { name, prepare } of setups) {
  t.test(`${name}: online is who has a connection at any gateway, and common groups hear of it`, async (t) => {
    const connect = await prepare(t);
    const groups: Groups = {
      5: { members: [2, 3] },
      6: { members: [2, 3, 4] },
      7: { members: [2, 8], size: limits.presencePushMembers + 1 },
      9: { members: [2, 11], size: limits.presencePushMembers },
      10: { members: [12] },
    };
    const { services } = await fakes(t, connect, groups);
    const [one, two] = [await gateway(t, connect), await gateway(t, connect)];
    const near = await player(services, one.ws, 3);
    const far = await player(services, two.ws, 4);
    const [large, justSmall, stranger] = [
      await player(services, two.ws, 8),
      await player(services, two.ws, 11),
      await player(services, one.ws, 12),
    ];
    await shows(near, [4, 3, 99, 8], '4,3,8');

    const first = await player(services, one.ws, 2);
    for (const client of [near, far, justSmall])
      t.same(await pushed(client, 2, true), { type: 'presence', userId: 2, online: true });
    await shows(far, [2], '2');
    const second = await player(services, two.ws, 2);
    await first.close();
    // Nothing tells that nothing happens: somebody else's push comes after it would have come.
    const marker = await player(services, one.ws, 4);
    await marker.close();
    await far.close();
    await pushed(near, 4, false);
    t.equal(await onlineOf(near, [2]), '2', 'there is another connection at another gateway');

    const before = Date.now();
    await second.close();
    const gone = await pushed(near, 2, false);
    t.same(Object.keys(gone).sort(), ['lastOnlineTime', 'online', 'type', 'userId']);
    const time = Date.parse(String(gone.lastOnlineTime));
    t.ok(time >= before && time <= Date.now(), 'the time of the close');
    t.same(await pushed(justSmall, 2, false), gone);
    await shows(near, [2], '');
    t.same(
      pushes(near).map(({ userId, online }) => [userId, online]),
      [
        [4, true],
        [2, true],
        [4, false],
        [2, false],
      ],
      'each once, though they share two groups',
    );
    t.same(pushes(large), [], 'the group is too large');
    t.same(pushes(stranger), [], 'no common group');
    t.notOk(
      pushes(first).some(({ userId }) => userId === 2),
      'nobody hears of themselves',
    );
  });

  t.test(`${name}: who comes back at once was never away, and a gateway that stops takes nobody offline`, async (t) => {
    const connect = await prepare(t);
    const { services } = await fakes(t, connect, { 5: { members: [2, 3, 4] } });
    const [one, two] = [await gateway(t, connect), await gateway(t, connect)];
    const witness = await player(services, two.ws, 3);
    const client = await player(services, one.ws, 2);
    await pushed(witness, 2, true);
    client.terminate();
    const again = await player(services, one.ws, 2);
    await one.close();
    t.equal((await again.closed).code, 1012);
    t.equal(await onlineOf(witness, [2]), '2', 'the other gateway waits for them to come back');
    await player(services, two.ws, 2);
    const marker = await player(services, two.ws, 4);
    await marker.close();
    await pushed(witness, 4, false);
    const third = await gateway(t, connect);
    const late = await player(services, third.ws, 4);
    await shows(late, [2, 3, 4], '2,3,4');
    await eventually(() => pushes(witness).length >= 4, patience, 'the last push');
    t.same(
      pushes(witness).map(({ userId, online }) => [userId, online]),
      [
        [2, true],
        [4, true],
        [4, false],
        [4, true],
      ],
    );
  });

  t.test(`${name}: who comes into a group is online for its members, also where the lists came late`, async (t) => {
    const connect = await prepare(t);
    const groups: Groups = { 5: { members: [2, 3, 4] }, 6: { members: [3] } };
    const { bus, services } = await fakes(t, connect, groups);
    const [one, two] = [await gateway(t, connect), await gateway(t, connect)];
    const near = await player(services, one.ws, 3);
    const far = await player(services, two.ws, 4);
    await pushed(near, 4, true);
    services.stop('group');
    const late = await player(services, one.ws, 2);
    t.same((await late.waitFor(({ type }) => type === 'ready')).unavailable, ['groups']);
    services.start('group');
    await late.waitFor(({ type }) => type === 'groups', patience);
    for (const client of [near, far])
      t.same(await pushed(client, 2, true), { type: 'presence', userId: 2, online: true });

    groups[6] = { members: [2, 3] };
    const enter = { kind: 'enter' as const, groupId: 6, seq: 1, memberCount: 2 };
    const run = { kind: 'run' as const, groupId: 6, first: 1, senders: [''], changes: [{ seq: 1, join: 2 }] };
    bus.publish(subjects.user(2, 'group'), encodeEvent(enter, ['{"type":"groupChanged","group":{"id":6}}']));
    bus.publish(subjects.groupEvent(6), encodeEvent(run, ['{"type":"groupMessage","groupId":6,"seq":1}']));
    await eventually(() => pushes(near).filter(({ userId }) => userId === 2).length === 2, patience, 'told again');
    await late.close();
    t.match(await pushed(near, 2, false), { online: false });
    t.match(await pushed(far, 2, false), { online: false });
    t.same(
      pushes(far)
        .filter(({ userId }) => userId === 2)
        .map(({ online }) => online),
      [true, false],
      'who shares only the old group is not told again',
    );
    t.notOk(
      pushes(late).some(({ userId }) => userId === 2),
      'nobody hears of themselves',
    );
  });

  t.test(`${name}: what was missed of another gateway is asked for`, async (t) => {
    const connect = await prepare(t);
    const { bus, services } = await fakes(t, connect, { 5: { members: [2, 30, 31] }, 6: { members: [40] } });
    const memberships = await bus.view<MembershipEntry>(views.memberships);
    await memberships.put('31', { groups: [5] }, 1);
    await memberships.put('32', { groups: [6] }, 1);
    const heard: PresenceEvent[] = [];
    bus.subscribe(subjects.presence, (payload) => void heard.push(JSON.parse(Buffer.from(payload).toString())));
    const { ws } = await gateway(t, connect);
    const client = await player(services, ws, 2);
    const from = 'other1';
    const say = (event: object) => bus.publish(subjects.presence, Buffer.from(JSON.stringify({ from, ...event })));
    say({
      kind: 'change',
      n: 1,
      came: [
        [30, [5]],
        [31, []],
        [32, []],
      ],
      went: [],
    });
    t.same(await pushed(client, 30, true), { type: 'presence', userId: 30, online: true });
    await shows(client, [30, 31, 32, 33], '30,31,32');
    t.notOk(
      heard.some((event) => event.kind === 'ask' && event.of === from),
      'nothing was missed',
    );

    say({ kind: 'beat', n: 3, users: 2 });
    await eventually(() => heard.some((event) => event.kind === 'ask' && event.of === from), patience, 'the question');
    say({ kind: 'page', n: 4, first: true, last: false, users: [30] });
    say({ kind: 'page', n: 5, first: false, last: true, users: [33] });
    await shows(client, [30, 31, 32, 33], '30,33');
    t.match(await pushed(client, 31, false), { lastOnlineTime: /Z$/ }, 'its groups are in the view');
    t.notOk(
      pushes(client).some(({ userId }) => userId === 32),
      'in no group with us',
    );

    say({ kind: 'page', n: 7, first: false, last: true, users: [31] });
    say({ kind: 'nonsense' });
    say({ kind: 'change', n: 8, came: [], went: [[30, [5], 1_700_000_000_000]] });
    t.same(await pushed(client, 30, false), {
      type: 'presence',
      userId: 30,
      online: false,
      lastOnlineTime: new Date(1_700_000_000_000).toISOString(),
    });
    t.equal(await onlineOf(client, [30, 31, 33]), '33', 'half a list is none');
    const told = heard.filter((event) => event.kind === 'beat' && event.from !== from);
    t.ok(told.length > 0, 'it gives signs of life itself');
  });
}

t.test('a list of members tells who is online and when the others were, as far as auth is there', async (t) => {
  const connect = await inProcess();
  const { services } = await fakes(t, connect, { 5: { members: [2, 3] } });
  services.answer(authCalls.lastOnline, ({ userIds }) => {
    t.same(userIds, [3, 4], 'only who is offline');
    return { times: [[3, 1_700_000_000_000]] };
  });
  const row = { username: 'x', nickname: 'x', rights: 'member' };
  services.answer(groupCalls.listMembers, () => ({
    members: [2, 3, 4].map((userId) => ({ userId, ...row })),
    more: false,
  }));
  const { ws } = await gateway(t, connect);
  const client = await player(services, ws, 2);
  const begun = Date.now();
  const list = async () => {
    const [self, ...others] = (await client.request({ type: 'listMembers', groupId: 5 })).members as Frame[];
    const { lastOnlineTime, ...rest } = self as Frame;
    t.ok(Date.parse(String(lastOnlineTime)) >= begun, 'who is online is here now');
    return [rest, ...others];
  };
  t.same(await list(), [
    { userId: 2, ...row, online: true },
    { userId: 3, ...row, online: false, lastOnlineTime: new Date(1_700_000_000_000).toISOString() },
    { userId: 4, ...row, online: false },
  ]);
  services.stop('auth');
  t.same(await list(), [
    { userId: 2, ...row, online: true },
    { userId: 3, ...row, online: false },
    { userId: 4, ...row, online: false },
  ]);
});
