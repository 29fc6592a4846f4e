import { encodeEvent, groupCalls, limits, type MembershipChange, subjects } from '@teahouse/contracts';
import { eventually, type Frame, TestClient } from '@teahouse/test';
import { Registry } from 'prom-client';
import t from 'tap';
import { testGateway, userOf } from './fakes.js';

const patience = 60_000;
const groupId = 7;
/** As group-chat tells it; so many are connected here. */
const memberCount = 5000;
const here = 60;
const slow = 4;

t.test('a huge group costs its messages and nothing else, and its slow readers cost nobody anything', async (t) => {
  const metrics = new Registry();
  const gateway = await testGateway(t, {}, { metrics });
  const { services, bus } = gateway;
  const gauge = async (name: string) =>
    Number(new RegExp(`^teahouse_gateway_${name} (\\d+)$`, 'm').exec(await metrics.metrics())?.[1]);
  const group = { id: groupId, groupNumber: 88888888, groupName: 'huge', state: 'normal', rights: 'member' };
  services.answer(groupCalls.sessions, ({ userIds }) => ({
    sessions: (userIds as number[]).map((userId) => ({
      userId,
      groups: [{ ...group, lastSeq: 0, readSeq: 0, memberCount }],
    })),
  }));
  const clients = await Promise.all(
    Array.from({ length: here }, async (_, index) => {
      const token = services.token(userOf(`player${index + 1}`));
      return (await TestClient.login(gateway.ws, { token })).client;
    }),
  );
  t.teardown(() => {
    for (const client of clients) client.terminate();
  });
  const heard = clients.map(() => ({ seqs: [] as number[], others: [] as Frame[] }));
  for (const [index, client] of clients.entries())
    client.forward((frame) => {
      const own = heard[index];
      if (frame.type === 'groupMessage') own?.seqs.push(Number(frame.seq));
      else if (frame.type !== 'ready') own?.others.push(frame);
    });

  let last = 0;
  const tell = (count: number, userId: (index: number) => number | undefined, size = 1) => {
    const first = last + 1;
    last += count;
    const changes = Array.from({ length: count }, (_, index): MembershipChange[] => {
      const id = userId(index);
      if (id === undefined) return [];
      return [index % 2 === 0 ? { seq: first + index, join: id } : { seq: first + index, leave: id }];
    }).flat();
    const frames = Array.from({ length: count }, (_, index) => ({
      ...{ type: 'groupMessage', groupId, id: '01890a5d-ac96-774b-bcce-b302099a8057', seq: first + index, from: 9 },
      ...{ content: 'x'.repeat(size), kind: 'normal', createTime: '2026-11-22T08:00:00.000Z' },
    }));
    const header = { kind: 'run', groupId, first, senders: frames.map(() => ''), changes } as const;
    bus.publish(
      subjects.groupEvent(groupId),
      encodeEvent(
        header,
        frames.map((frame) => JSON.stringify(frame)),
      ),
    );
  };
  const all = (from: number) =>
    eventually(() => heard.slice(from).every(({ seqs }) => seqs.length === last), patience, 'not all is heard');
  const range = () => Array.from({ length: last }, (_, index) => index + 1).join();

  const asked = services.asked.length;
  // Thousands come and go who are connected elsewhere.
  for (let run = 0; run < 20; run++) tell(100, (index) => 100_000 + run * 100 + index);
  await all(0);
  t.equal(heard.filter(({ seqs }) => seqs.join() === range()).length, here, 'each heard all of it once and in order');
  t.equal(services.asked.length, asked, 'no service was asked anything');
  t.equal(await gauge('rooms'), 1);
  t.equal(heard.flatMap(({ others }) => others).length, 0, 'nobody was told of anybody’s presence');

  // One who is here goes: it hears that, and nothing afterwards.
  tell(2, (index) => (index === 1 ? here : undefined));
  await all(0);
  const gone = heard.pop();
  const before = gone?.seqs.length;
  tell(1, () => undefined);
  await all(0);
  t.equal(gone?.seqs.length, before);

  for (const client of clients.slice(0, slow)) client.pause();
  const most = slow * (limits.slowReaderBytes + 256 * 1024);
  while ((await gauge('users')) > here - slow) {
    tell(1, () => undefined, 64 * 1024);
    await all(slow);
    const waiting = await gauge('backlog_bytes');
    if (waiting > most) t.fail(`${waiting} bytes wait for slow readers`);
  }
  t.equal(
    heard.slice(slow).filter(({ seqs }) => seqs.join() === range()).length,
    here - 1 - slow,
    'the others heard all of it once and in order',
  );
  for (const client of clients.slice(0, slow)) {
    client.resume();
    t.equal((await client.closed).code, 4508);
  }
});
