import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  eventually,
  type Frame,
  type Stack,
  startStack,
  TestClient,
  temporaryDirectory,
  withConnection,
} from '@teahouse/test';
import t from 'tap';

const directory = temporaryDirectory('stack');
const lines: string[] = [];
let stack: Stack;

t.before(async () => {
  stack = await startStack({
    directory,
    instances: { gateway: 2 },
    env: { NATS_URL: '', SEED_DEMO: 'true' },
    log: (who, line) => lines.push(`${who} ${line}`),
  });
});
t.teardown(() => stack.stop());

const login = (gateway: number, username: string) =>
  TestClient.login(stack.socketUrls[gateway] ?? '', { username, password: '123456' });

const officialGroup = (ready: Frame) => (ready.groups as { id: number; groupNumber: number }[])[0]?.id;

t.test('a message crosses from one gateway to the other', async (t) => {
  const [one, two] = await Promise.all([login(0, 'player1'), login(1, 'player2')]);
  const groupId = officialGroup(one.ready);
  const ack = await one.client.request({ type: 'groupMessage', groupId, content: '大家好' });
  const heard = await two.client.waitFor((frame) => frame.type === 'groupMessage' && frame.id === ack.id);
  t.match(heard, { groupId, seq: ack.seq, content: '大家好', kind: 'normal' });

  const to = (two.ready.user as { id: number }).id;
  const sent = await one.client.request({ type: 'privateMessage', to, content: '你好player2，我是player1' });
  const got = await two.client.waitFor((frame) => frame.type === 'privateMessage' && frame.id === sent.id);
  t.match(got, { to, seq: sent.seq, content: '你好player2，我是player1' });
  await one.client.close();
  await two.client.close();
});

t.test('a service that is killed is started again, and one told to stay down stays down', async (t) => {
  const { client, ready } = await login(0, 'player1');
  const groupId = officialGroup(ready);
  const say = (content: string) => client.request({ type: 'groupMessage', groupId, content }, 10_000);
  const [service] = stack.services['group-chat'];
  if (!service) throw new Error('There is a group-chat.');

  const before = service.pid;
  service.kill('SIGKILL');
  await eventually(() => service.pid !== before, 5_000, 'It was not started again');
  await service.ready(20_000);
  t.equal(service.starts, 2);
  t.ok((await eventually(() => say('wieder da'), 10_000, 'No ack after the restart')).seq);
  t.ok(lines.some((line) => line.startsWith('group-chat (ended by SIGKILL; starting again')));

  await service.down();
  await t.rejects(say('nobody there'), { code: 'UNAVAILABLE' });
  t.equal(service.starts, 2, 'it was left down');
  await service.up();
  t.ok((await eventually(() => say('back'), 10_000, 'No ack after coming up')).seq);
  await client.close();
});

t.test('each service has rights on its own database only, and its password is kept from others', async (t) => {
  const url = stack.databaseUrls.AUTH_DB_URL;
  const [own] = await withConnection(url, (c) => c.query('SELECT COUNT(*) AS users FROM user'));
  t.match(own, [{ users: 5 }]);
  await t.rejects(
    withConnection(url, (c) => c.query('SELECT * FROM teahouse_group.group_chat')),
    { code: 'ER_TABLEACCESS_DENIED_ERROR' },
  );
  const environment = (pid: number | undefined) => readFileSync(`/proc/${pid}/environ`, 'utf8');
  const group = environment(stack.services['group-chat'][0]?.pid);
  t.match(group, 'GROUP_DB_URL=');
  t.notMatch(group, 'AUTH_DB_URL=');
  t.notMatch(environment(stack.services.gateway[0]?.pid), '_DB_URL=');
  t.equal(statSync(join(directory, 'secrets.json')).mode & 0o777, 0o600);
});

t.test('NATS refused nobody anything: the rights suffice', async (t) => {
  const log = readFileSync(join(directory, 'nats', 'nats-server.log'), 'utf8');
  t.match(log, 'Server is ready');
  t.same(log.match(/.*(Violation|authentication error).*/g), null);
});

t.test('a service that cannot start fails the whole start, in its own words', async (t) => {
  const broken = startStack({
    directory: temporaryDirectory('broken'),
    env: {
      TOKEN_TTL_SECONDS: 'soon',
      NATS_URL: stack.natsUrls.auth,
      ...stack.databaseUrls,
    },
  });
  await t.rejects(broken, { message: /auth ended at its start[\s\S]*TOKEN_TTL_SECONDS/ });
});
