import { TeahouseError } from '@teahouse/contracts';
import { openLog } from '@teahouse/message-log';
import { privateChatEntities, privateChatMigrations } from '@teahouse/private-chat';
import { createLog } from '@teahouse/service-kit';
import { openDatabase } from '@teahouse/service-kit/database';
import t, { type Test } from 'tap';
import { append } from '../dist/messages.js';
import { Openings } from '../dist/openings.js';
import type { People } from '../dist/people.js';
import { sendRules } from '../dist/sending.js';
import type { Service } from '../dist/service.js';
import { Store } from '../dist/store.js';
import { logTables } from '../dist/tables.js';

const log = createLog({ name: 'private', level: 'silent' });

/** Instances of the verbs on one database, which share no memory; all people are in group 1. */
async function stand(t: Test) {
  const database = await openDatabase({
    url: 'sqlite::memory:',
    entities: privateChatEntities,
    migrations: privateChatMigrations,
    name: 'private',
    log,
  });
  t.teardown(() => database.close());
  const instance = (groupsOf: () => Promise<number[]> = async () => [1]) => {
    const store = new Store(database);
    const people = { exists: async () => true, groupsOf } as unknown as People;
    const messages = openLog({ database, tables: logTables, rules: sendRules, onStored() {}, log });
    t.teardown(() => messages.close());
    const service = { messages, store, people, openings: new Openings(store, people, log) } as unknown as Service;
    const send = async (to: number, content: string) => {
      const items = [{ from: 1, to, connectionId: 'c1', content, clientId: 'k1' }];
      return (await append(service, { items }, { subject: 'test', deadline: Date.now() + 1800 })).results[0];
    };
    return { store, send };
  };
  const rows = (): Promise<unknown[]> =>
    database.read((manager) => manager.query('SELECT seq, content FROM private_message'));
  return { instance, rows };
}

for (const [code, error] of [
  ['UNAVAILABLE', new TeahouseError('UNAVAILABLE')],
  ['INTERNAL', new Error('as no driver should')],
] as const) {
  t.test(`a stored message that is sent again while its people cannot be looked up is ${code}`, async (t) => {
    const { instance, rows } = await stand(t);
    const first = await instance().send(2, 'hi');
    t.match(first, { seq: 1 });
    const restarted = instance();
    const { findAll } = restarted.store;
    restarted.store.findAll = () => Promise.reject(error);
    t.match(await restarted.send(2, 'hi'), { code });
    restarted.store.findAll = findAll;
    t.strictSame(await restarted.send(2, 'hi'), { ...first, duplicate: true }, 'and its first answer after that');
    t.match(await restarted.send(2, 'other'), { code: 'CONFLICT' });
    t.strictSame(await rows(), [{ seq: 1, content: 'hi' }]);
  });
}

t.test('a send that is stored while it is refused elsewhere is told its first answer, not a conflict', async (t) => {
  const { instance, rows } = await stand(t);
  let first: unknown;
  const late = instance(async () => {
    // Looked up already, and found to be strangers.
    first ??= await instance().send(2, 'hi');
    return [];
  });
  t.strictSame(await late.send(2, 'hi'), { ...(first as object), duplicate: true });
  t.match(await late.send(3, 'hi'), { code: 'CONFLICT' }, 'which it is where another got the message');
  t.strictSame(await rows(), [{ seq: 1, content: 'hi' }]);
});
