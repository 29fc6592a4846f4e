import { groupCalls, privateCalls, TeahouseError } from '@teahouse/contracts';
import { type RequestError, TestClient } from '@teahouse/test';
import t from 'tap';
import { type TestGateway, testGateway } from './fakes.js';

const unlimited = { RATE_MESSAGES_PER_SECOND: 0 };

const login = async (gateway: TestGateway) =>
  (await TestClient.login(gateway.ws, { username: 'player9', password: '123456' })).client;

const message = groupCalls.history.replyExample.messages as object[];
const pageOf = (groupId: number, seq: number) => ({
  messages: message.map((one) => ({ ...one, groupId, seq })),
  more: false,
});

t.test('pages that many ask for at once are one question, and each gets its own', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const client = await login(gateway);
  services.answer(groupCalls.catchUp, ({ items }) => {
    const asked = items as { groupId: number; afterSeq: number }[];
    // The third is not told here.
    const told = asked.filter(({ groupId }) => groupId !== 3);
    return {
      pages: told.map(({ groupId, afterSeq }) => pageOf(groupId, afterSeq + 1)),
      answers: asked.map((item) => (item.groupId === 3 ? 'alone' : told.indexOf(item))),
    };
  });
  services.answer(groupCalls.history, ({ groupId }) => pageOf(groupId as number, 99));
  const acks = await Promise.all([
    client.request({ type: 'history', groupId: 1, afterSeq: 4 }),
    client.request({ type: 'history', groupId: 2, afterSeq: 0, limit: 7 }),
    client.request({ type: 'history', groupId: 3, afterSeq: 5, limit: 7 }),
    client.request({ type: 'history', groupId: 4, afterSeq: 6 }),
    client.request({ type: 'history', groupId: 5, beforeSeq: 6 }),
    client.request({ type: 'history', with: 6, afterSeq: 6 }),
  ]);
  t.match(acks.slice(0, 5), [
    { messages: [{ groupId: 1, seq: 5 }], more: false },
    { messages: [{ groupId: 2, seq: 1 }] },
    { messages: [{ groupId: 3, seq: 99 }] },
    { messages: [{ groupId: 4, seq: 7 }] },
    { messages: [{ groupId: 5, seq: 99 }] },
  ]);
  t.same(services.of(groupCalls.catchUp), [
    {
      items: [
        { userId: 9, groupId: 1, afterSeq: 4, limit: 50 },
        { userId: 9, groupId: 2, afterSeq: 0, limit: 7 },
        { userId: 9, groupId: 3, afterSeq: 5, limit: 7 },
        { userId: 9, groupId: 4, afterSeq: 6, limit: 50 },
      ],
    },
  ]);
  t.match(
    services.of(groupCalls.history).map(({ groupId }) => groupId),
    [5, 3],
    'what was not told there is asked for by itself',
  );
  t.match(services.of(privateCalls.history), [{ with: 6, afterSeq: 6 }]);
});

t.test('what goes wrong with one page, or is not known to an older service, is asked about alone', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const client = await login(gateway);
  services.answer(groupCalls.history, ({ groupId }) => pageOf(groupId as number, 99));
  services.answer(groupCalls.catchUp, () => {
    throw new TeahouseError('INTERNAL');
  });
  const two = () => Promise.all([1, 2].map((groupId) => client.request({ type: 'history', groupId, afterSeq: 4 })));
  t.match(await two(), [{ messages: [{ groupId: 1, seq: 99 }] }, { messages: [{ groupId: 2, seq: 99 }] }]);
  t.equal(services.of(groupCalls.catchUp).length, 1);
});

t.test('a frame that has waited long is asked about alone, and takes nobody else the time', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const client = await login(gateway);
  services.answer(groupCalls.history, ({ groupId }) => pageOf(groupId as number, 99));
  services.answer(groupCalls.search, async () => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    return groupCalls.search.replyExample;
  });
  const [, page] = await Promise.all([
    client.request({ type: 'search', groupId: 1, text: 'tea' }),
    client.request({ type: 'history', groupId: 1, afterSeq: 4 }),
  ]);
  t.match(page, { messages: [{ groupId: 1, seq: 99 }] });
  t.same(services.of(groupCalls.catchUp), []);
});

t.test('where it cannot be asked everybody is told so', async (t) => {
  const gateway = await testGateway(t, unlimited);
  const { services } = gateway;
  const client = await login(gateway);
  services.answer(groupCalls.catchUp, () => {
    throw new TeahouseError('UNAVAILABLE');
  });
  const asked = [1, 2].map((groupId) =>
    client.request({ type: 'history', groupId, afterSeq: 4 }).catch(({ code }: RequestError) => code),
  );
  t.same(await Promise.all(asked), ['UNAVAILABLE', 'UNAVAILABLE']);
  t.same(services.of(groupCalls.history), [], 'and no more is asked of it');
});
