import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Bus,
  type BusLog,
  connectNats,
  natsPasswordVariable,
  natsPermissions,
  natsUsers,
  type Queue,
  type View,
} from '@teahouse/bus';
import {
  authCalls,
  type BusUser,
  busRights,
  busUsers,
  groupCalls,
  privateCalls,
  queues,
  services,
  subjects,
  views,
} from '@teahouse/contracts';
import { eventually, startNats, temporaryDirectory } from '@teahouse/test';
import { connect } from 'nats';
import t from 'tap';
import { bytes, Inbox, into, textOf } from './inbox.js';

/** The whole of deploy/nats.conf on a real server: what each service needs works, and nothing beyond it. */
const password = (user: BusUser) => `p${user}`;
const server = await startNats(
  temporaryDirectory('nats-rights'),
  Object.fromEntries(busUsers.map((user) => [natsPasswordVariable(user), password(user)])),
);
t.teardown(() => server.stop());

const complaints = new Inbox<string>();
async function comeIn(user: BusUser): Promise<Bus> {
  const complain = (fields: object, sentence: string) =>
    complaints.put(`${user}: ${sentence} ${String((fields as { err?: Error }).err)}`);
  const log: BusLog = { info: () => {}, warn: complain, error: complain };
  const bus = await connectNats({
    servers: server.url.replace('//', `//${user}:${password(user)}@`),
    name: user,
    log,
  });
  t.teardown(() => bus.close());
  return bus;
}

const buses = Object.fromEntries(await Promise.all(busUsers.map(async (user) => [user, await comeIn(user)]))) as Record<
  BusUser,
  Bus
>;
const flushed = () => Promise.all(busUsers.map((user) => buses[user].flush()));

const calls = [authCalls, groupCalls, privateCalls].flatMap((all) => Object.values(all).map(({ subject }) => subject));
const published = [
  ...Object.values(subjects).flatMap((subject) => {
    if (typeof subject === 'string') return [subject];
    return subject === subjects.user
      ? services.map((service) => subjects.user(7, service))
      : [(subject as (id: number) => string)(7)];
  }),
].filter((subject) => !subject.includes('*'));

const matches = (pattern: string, subject: string): boolean =>
  new RegExp(`^${pattern.replace(/[.$]/g, '\\$&').replaceAll('*', '[^.]+').replace('>', '.+')}$`).test(subject);
const mayPublish = (user: BusUser, subject: string) =>
  natsPermissions(user).publish.some((pattern) => matches(pattern, subject));
const mayListen = (user: BusUser, subject: string) =>
  natsPermissions(user).subscribe.some((pattern) => matches(pattern, subject));

t.test('the file of users is the one that the contracts give', async (t) => {
  const file = join(import.meta.dirname, '..', '..', '..', 'deploy', 'nats-users.conf');
  const text = readFileSync(file, 'utf8');
  t.equal(text.slice(text.indexOf('\n') + 1), natsUsers(), 'after a change of rights: npm run nats-users');
});

t.test('each subject, view and queue of the contracts has one who speaks and one who hears', async (t) => {
  for (const subject of [...calls, ...published]) {
    t.equal(busUsers.filter((user) => mayPublish(user, subject)).length, 1, `${subject}: one publisher`);
    t.equal(busUsers.filter((user) => mayListen(user, subject)).length, 1, `${subject}: one listener`);
  }
  for (const view of Object.values(views)) {
    t.equal(busUsers.filter((user) => busRights(user).writes.includes(view)).length, 1, `${view}: one writer`);
    t.ok(
      busUsers.some((user) => busRights(user).reads.includes(view)),
      `${view}: readers`,
    );
  }
  for (const queue of Object.values(queues))
    t.equal(busUsers.filter((user) => busRights(user).queues.includes(queue)).length, 1, `${queue}: one user`);
});

t.test('what each service does is allowed', async (t) => {
  for (const user of busUsers) for (const pattern of busRights(user).serves) serveEcho(buses[user], pattern);
  const heard = new Inbox<string>();
  for (const user of busUsers)
    for (const pattern of busRights(user).listens) buses[user].subscribe(pattern, (_, subject) => heard.put(subject));
  await flushed();
  for (const subject of calls) {
    const answer = await buses.gateway.request(subject, bytes('hi'), { timeoutMs: 5_000 });
    t.equal(textOf(answer), `${subject} hi`);
  }
  for (const subject of published)
    for (const user of busUsers) if (mayPublish(user, subject)) buses[user].publish(subject, bytes('news'));
  await heard.until(published.length);
  t.same([...heard.all].sort(), [...published].sort());

  for (const user of busUsers) {
    for (const name of busRights(user).queues) await worksOnQueue(buses[user], name);
    for (const name of busRights(user).writes) await keepsView(user, name);
  }
  await flushed();
  t.same(complaints.all, [], 'nothing was refused');
});

function serveEcho(bus: Bus, pattern: string): void {
  bus.serve(pattern, 'echo', async (payload, { subject }) => bytes(`${subject} ${textOf(payload)}`));
}

async function worksOnQueue(bus: Bus, name: string): Promise<void> {
  const queue: Queue = await bus.queue(name, { maxMessages: 10, ackWaitMs: 5_000 });
  await bus.queue(name, { maxMessages: 20, ackWaitMs: 5_000 });
  const done = new Inbox<string>();
  const consumer = queue.consume(into(done), { batch: 5 });
  await queue.push(bytes('a'));
  await done.until(1);
  await consumer.stop();
  await eventually(async () => (await queue.size()) === 0, 5_000, `${name} still has what was acknowledged`);
}

async function keepsView(writer: BusUser, name: string): Promise<void> {
  const readers = busUsers.filter((user) => user === writer || busRights(user).reads.includes(name));
  // Readers may be there first, and make it.
  const opened: View<number>[] = [];
  for (const reader of [...readers].reverse()) opened.push(await buses[reader].view<number>(name));
  const own = opened[readers.length - 1 - readers.indexOf(writer)] as View<number>;
  await own.put('k', 1, 1);
  await own.put('gone', 1, 1);
  await own.delete('gone');
  for (const view of opened) {
    const told = new Inbox<string>();
    const watch = await view.watch((key, value) => told.put(`${key} ${value}`));
    await told.until(1);
    const keys: string[] = [];
    for await (const key of view.keys()) keys.push(key);
    t.same([await view.get('k'), keys, told.all], [1, ['k'], ['k 1']], `${name}: read`);
    watch.stop();
  }
}

/** What a stolen password must not be good for, whatever the tables say. */
const crimes: [BusUser, 'publish' | 'subscribe', string][] = [
  ['private-chat', 'publish', subjects.groupEvent(7)],
  ['group-chat', 'publish', subjects.user(7, 'private')],
  ['gateway', 'publish', subjects.groupEvent(7)],
  ['gateway', 'publish', subjects.user(7, 'auth')],
  ['group-chat', 'publish', authCalls.login.subject],
  ['auth', 'publish', groupCalls.append.subject],
  ['private-chat', 'subscribe', authCalls.login.subject],
  ['group-chat', 'subscribe', 'auth.call.*'],
  ['gateway', 'subscribe', 'auth.call.login'],
  ['auth', 'subscribe', privateCalls.append.subject],
  ['private-chat', 'subscribe', 'group.event.*'],
  ['auth', 'subscribe', 'user.*.private'],
  ['group-chat', 'publish', '$JS.API.STREAM.MSG.GET.KV_keys'],
  ['private-chat', 'publish', '$JS.API.STREAM.MSG.GET.KV_revocations'],
  ['gateway', 'publish', '$KV.keys.forged'],
  ['private-chat', 'publish', '$KV.memberships.7'],
  ['group-chat', 'publish', '$KV.profiles.7'],
  ['private-chat', 'publish', 'queue.group-archive'],
  ['group-chat', 'publish', '$JS.API.CONSUMER.MSG.NEXT.queue_private-archive.workers'],
  ['gateway', 'publish', '$JS.API.STREAM.DELETE.KV_keys'],
  ['auth', 'publish', '$JS.API.STREAM.PURGE.KV_profiles'],
  ['gateway', 'publish', '$JS.API.STREAM.NAMES'],
  ['group-chat', 'publish', '$JS.API.STREAM.UPDATE.queue_group-archive'],
  ['private-chat', 'publish', '$JS.API.STREAM.UPDATE.queue_private-archive'],
  ['auth', 'publish', '$JS.API.STREAM.UPDATE.KV_keys'],
  ['auth', 'publish', '_INBOX_gateway.forged'],
  ...busUsers.flatMap((user) => [
    [user, 'subscribe', '>'] as [BusUser, 'subscribe', string],
    [user, 'subscribe', '_INBOX.>'] as [BusUser, 'subscribe', string],
    [user, 'subscribe', '$SYS.>'] as [BusUser, 'subscribe', string],
    ...busUsers
      .filter((other) => other !== user)
      .map((other) => [user, 'subscribe', `_INBOX_${other}.>`] as [BusUser, 'subscribe', string]),
  ]),
];

t.test('and nothing else', async (t) => {
  /** Everything that somebody may say or hear, tried by all who may not. */
  const others = busUsers.flatMap((user) => [
    ...[...calls, ...published]
      .filter((subject) => !mayPublish(user, subject))
      .map((subject) => [user, 'publish', subject] as const),
    ...[...calls, ...published]
      .filter((subject) => !mayListen(user, subject))
      .map((subject) => [user, 'subscribe', subject] as const),
  ]);
  const tried = [...new Map([...crimes, ...others].map((crime) => [crime.join(' '), crime])).values()];
  const stolen: string[] = [];
  for (const [user, way, subject] of tried) {
    if (way === 'publish') buses[user].publish(subject, bytes('forged'));
    else buses[user].subscribe(subject, (_, at) => stolen.push(`${user} ${at}`));
  }
  await flushed();
  const refused = (user: string, way: string, subject: string) => (line: string) =>
    line.startsWith(`${user}:`) && line.includes(`Permissions Violation for ${verb[way]} "${subject}"`);
  const verb: Record<string, string> = { publish: 'Publish to', subscribe: 'Subscription to' };
  for (const [user, way, subject] of tried) {
    const found = await complaints
      .untilTrue((all) => all.some(refused(user, way, subject)), `refusal of ${user} ${way} ${subject}`)
      .then(() => true);
    t.ok(found, `${user} may not ${way} ${subject}`);
  }

  await buses.gateway.request(authCalls.login.subject, bytes('secret'), { timeoutMs: 5_000 });
  buses['group-chat'].publish(subjects.groupEvent(7), bytes('for members'));
  await flushed();
  t.same(stolen, [], 'nobody heard what is not for them');
});

t.test('a wrong password does not come in, and neither does none', async (t) => {
  const { port } = server;
  await t.rejects(connect({ port, user: 'gateway', pass: password('auth') }), { name: 'AuthorizationError' });
  await t.rejects(connect({ port }), { name: 'AuthorizationError' });
});

t.test('an address that is none is refused without repeating its password', async (t) => {
  for (const servers of ['http://user:secret@host', 'nats://user:secret@', 'nats://secret@h:x']) {
    await t.rejects(connectNats({ servers, name: 'x' }), { message: /^Not an address(?!.*secret)/ });
  }
});
