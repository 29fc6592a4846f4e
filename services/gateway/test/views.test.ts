import type { Bus } from '@teahouse/bus';
import { createLog } from '@teahouse/service-kit';
import t from 'tap';
import { Users } from '../dist/users.js';
import { LateView } from '../dist/views.js';
import { userOf } from './fakes.js';

const log = createLog({ name: 'views-test', level: 'silent' });

/** A bus whose views answer when told. */
function slowBus(opened: Promise<unknown> = Promise.resolve()) {
  const waiting: { resolve(entry: string): void; reject(error: Error): void }[] = [];
  const get = () => new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  const bus = { view: () => opened.then(() => ({ get })) } as unknown as Bus;
  return { bus, waiting };
}

t.test('a view that does not answer is not waited for, and what it says later harms nobody', async (t) => {
  const { bus, waiting } = slowBus();
  const view = new LateView<string>(bus, 'slow', log);
  const since = performance.now();
  await t.rejects(view.get('key'), { code: 'UNAVAILABLE' });
  t.ok(performance.now() - since < 2000);
  waiting[0]?.reject(new Error('much later'));
  const next = view.get('key');
  while (waiting.length < 2) await new Promise(setImmediate);
  waiting[1]?.resolve('there again');
  t.equal(await next, 'there again');
});

t.test('nor is one that cannot be opened; who asked for a name gets that of the token', async (t) => {
  const { bus } = slowBus(new Promise(() => {}));
  const users = new Users(bus, log);
  const { username, role } = userOf('player7');
  const since = performance.now();
  const user = await users.of({ userId: 7, username, role, loginId: 'login' });
  t.same(user, { id: 7, username, nickname: username, role });
  t.ok(performance.now() - since < 2000);
});
