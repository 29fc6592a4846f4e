import { connectNats, createMemoryHub } from '@teahouse/bus';
import { encodeEvent, groupCalls, groupMessageFrame, privateCalls, subjects } from '@teahouse/contracts';
import { eventually, type Frame, type TestClient, testNats } from '@teahouse/test';
import t from 'tap';
import { type Connect, fakes, gateway, patience, player } from './gateways.js';

const messagesOf = (client: TestClient): Frame[] => client.frames.filter(({ content }) => content !== undefined);

t.test('the only gateway tells its clients by the answers, and no longer once it hears of another', async (t) => {
  const hub = createMemoryHub();
  const connect: Connect = async (name) => hub.connect(name);
  const { bus, services } = await fakes(t, connect, { 5: { members: [2, 3] } });
  const store = services.answerOf(groupCalls.append);
  services.answer(groupCalls.append, (request) => {
    const answer = store(request) as { results: { id: string; seq: number; createTime: string }[] };
    const items = request.items as { from: number; connectionId: string; content: string }[];
    for (const [i, { seq, id, createTime }] of request.quiet ? [] : answer.results.entries()) {
      const { from, connectionId, content } = items[i] as (typeof items)[number];
      const frame = groupMessageFrame(5, { id, seq, from, content, kind: 'normal' }, createTime);
      const header = { kind: 'run' as const, groupId: 5, first: seq, senders: [connectionId] };
      bus.publish(subjects.groupEvent(5), encodeEvent(header, [frame]));
    }
    return answer;
  });
  services.answer(privateCalls.sessions, ({ userIds }) => ({
    sessions: (userIds as number[]).map((userId) => ({ userId, conversations: [], more: false })),
  }));
  const one = await gateway(t, connect);
  const [teller, also, other] = [
    await player(services, one.ws, 2),
    await player(services, one.ws, 2),
    await player(services, one.ws, 3),
  ];
  const asked = (call: typeof groupCalls.append | typeof privateCalls.append) => services.of(call).at(-1);
  const say = (content: string) => teller.request({ type: 'groupMessage', groupId: 5, content });

  let count = 1;
  await say('1');
  t.notOk('quiet' in (asked(groupCalls.append) ?? {}), 'another one may not have been heard yet');
  const isQuiet = async () => {
    count += 1;
    await say(`${count}`);
    return asked(groupCalls.append)?.quiet === true;
  };
  await eventually(isQuiet, patience, 'nobody else is there, and all is published all the same');

  const [first, second] = await Promise.all([
    teller.request({ type: 'groupMessage', groupId: 5, content: '大家好 "\\\n', clientId: 'a"1' }),
    teller.request({ type: 'groupMessage', groupId: 5, content: 'b' }),
  ]);
  const heard = (from: TestClient) => messagesOf(from).slice(-2);
  const hearsAll = (client: TestClient) => messagesOf(client).length === count + 2;
  await eventually(() => hearsAll(also) && hearsAll(other), patience, 'not all hear it');
  const { id, createTime } = first;
  const common = { type: 'groupMessage', groupId: 5, id, from: 2, kind: 'normal', createTime };
  t.strictSame(heard(other), [
    { ...common, seq: first.seq, content: '大家好 "\\\n', clientId: 'a"1' },
    { ...common, seq: second.seq, content: 'b' },
  ]);
  t.strictSame(heard(also), heard(other), 'the other connection of the same user, too');
  t.same(messagesOf(teller), [], 'who said it is not told');

  const acks = [await other.request({ type: 'privateMessage', to: 2, content: 'hi', clientId: 'p1' })];
  acks.push(await teller.request({ type: 'privateMessage', to: 3, content: 'you' }));
  t.equal(asked(privateCalls.append)?.quiet, true);
  const hi = { type: 'privateMessage', from: 3, to: 2, id, seq: 1, content: 'hi', kind: 'normal', createTime };
  const you = { ...hi, from: 2, to: 3, seq: 2, content: 'you' };
  t.same(
    acks.map(({ seq }) => seq),
    [1, 2],
  );
  const privates = (client: TestClient) => messagesOf(client).filter(({ type }) => type === 'privateMessage');
  await eventually(() => privates(also).length === 2 && privates(other).length === 1, patience, 'not both are heard');
  t.strictSame(privates(teller), [{ ...hi, clientId: 'p1' }]);
  t.strictSame(privates(also), [{ ...hi, clientId: 'p1' }, you]);
  t.strictSame(privates(other), [you]);

  const two = await gateway(t, connect);
  await eventually(async () => !(await isQuiet()), patience, 'the other one is not heard of');
  await two.close();
  await say('after');
  t.notOk('quiet' in (asked(groupCalls.append) ?? {}), 'its clients are still there for some seconds');
  await eventually(isQuiet, patience, 'it is gone, and all is published all the same');
});

t.test('after the bus was away a gateway listens again for a while before it takes itself to be alone', async (t) => {
  const server = await testNats();
  t.teardown(() => server.stop());
  const connect: Connect = (name) => connectNats({ servers: server.url, name });
  const { services } = await fakes(t, connect, { 5: { members: [2] } });
  const one = await gateway(t, connect);
  const teller = await player(services, one.ws, 2);
  const isQuiet = async () => {
    await teller.request({ type: 'groupMessage', groupId: 5, content: 'a' }).catch(() => undefined);
    return services.of(groupCalls.append).at(-1)?.quiet === true;
  };
  await eventually(isQuiet, patience, 'it never is alone');
  await server.kill9();
  await server.restart();
  const asked = services.of(groupCalls.append).length;
  await eventually(
    async () => {
      await isQuiet();
      return services.of(groupCalls.append).length > asked;
    },
    patience,
    'the bus does not come back',
  );
  t.notOk('quiet' in (services.of(groupCalls.append)[asked] ?? {}));
});
