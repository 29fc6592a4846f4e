import type { Bus } from '@teahouse/bus';
import { BusFailure } from '@teahouse/bus';
import { TeahouseError } from '@teahouse/contracts';
import { within } from '@teahouse/test';
import t from 'tap';
import { bytes, fresh, Gate, Inbox, textOf } from './inbox.js';
import type { MakeBus } from './make-bus.js';

const timeoutMs = 2_000;

async function failure(promise: Promise<unknown>): Promise<TeahouseError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TeahouseError) return error;
    throw error;
  }
  throw new Error('It was answered');
}

/** Reason of an `UNAVAILABLE` that arose on the bus. */
export async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const error = await failure(promise);
  if (error.code !== 'UNAVAILABLE') return error.code;
  return error.cause instanceof BusFailure ? error.cause.reason : 'from the service';
}

async function served(bus: Bus): Promise<Bus> {
  await bus.flush();
  return bus;
}

export function requests(name: string, makeBus: MakeBus): void {
  t.test(`${name}: requests`, async (t) => {
    const client = await makeBus('client');
    const server = await makeBus('server');
    t.teardown(() => Promise.all([client.close(), server.close()]));

    await t.test('a request is answered, wildcards tell the subject, the deadline travels', async (t) => {
      const subject = fresh('echo');
      let deadline = 0;
      server.serve(`${subject}.*`, 'g', async (payload, context) => {
        deadline = context.deadline;
        return bytes(`${context.subject} ${textOf(payload)}`);
      });
      await served(server);
      const before = Date.now();
      t.equal(textOf(await client.request(`${subject}.a`, bytes('hi'), { timeoutMs })), `${subject}.a hi`);
      t.ok(deadline >= before + timeoutMs && deadline <= Date.now() + timeoutMs, 'absolute, from the caller');
      t.equal((await client.request(`${subject}.a`, bytes(''), { timeoutMs })).length, subject.length + 3);
    });

    await t.test('an empty answer is an answer', async (t) => {
      const subject = fresh('empty');
      server.serve(subject, 'g', async () => bytes(''));
      await served(server);
      t.equal((await client.request(subject, bytes('x'), { timeoutMs })).length, 0);
    });

    await t.test('nobody serves: UNAVAILABLE at once', async (t) => {
      const waiting = client.request(fresh('nobody'), bytes(''), { timeoutMs: 60_000 });
      t.equal(await within(reasonOf(waiting), 10_000, 'no answer long before its time'), 'no-responders');
    });

    await t.test('no answer in time: UNAVAILABLE after the time', async (t) => {
      const subject = fresh('slow');
      const gate = new Gate();
      server.serve(subject, 'g', async () => {
        await gate.opened;
        return bytes('');
      });
      await served(server);
      const before = Date.now();
      t.equal(await reasonOf(client.request(subject, bytes(''), { timeoutMs: 200 })), 'timeout');
      t.ok(Date.now() - before >= 195);
      gate.open();
    });

    await t.test('what a handler throws travels as code and sentence, the rest stays inside', async (t) => {
      const subject = fresh('error');
      const heard = new Inbox<unknown>();
      server.serve(
        subject,
        'g',
        async (payload) => {
          if (textOf(payload) === 'known') {
            throw new TeahouseError('RATE_LIMITED', 'Langsamer, bitte – 慢一点。', {
              retryAfterMs: 1500,
              cause: new Error('inside'),
            });
          }
          throw new Error('secret of the database');
        },
        { onError: heard.put },
      );
      await served(server);
      const known = await failure(client.request(subject, bytes('known'), { timeoutMs }));
      t.match(known, { code: 'RATE_LIMITED', message: 'Langsamer, bitte – 慢一点。', retryAfterMs: 1500 });
      t.equal(known.cause, undefined);
      t.equal(heard.all.length, 0);
      const unknown = await failure(client.request(subject, bytes('unknown'), { timeoutMs }));
      t.equal(unknown.code, 'INTERNAL');
      t.notMatch(unknown.message, /secret/);
      t.match(await heard.until(1), [{ message: 'secret of the database' }]);
    });

    await t.test('a queue group shares the requests', async (t) => {
      const subject = fresh('shared');
      const other = await makeBus('other');
      const counts = [0, 0];
      for (const [place, bus] of [server, other].entries()) {
        bus.serve(subject, 'g', async (payload) => {
          counts[place] = (counts[place] ?? 0) + 1;
          return payload;
        });
        await bus.flush();
      }
      const all = Array.from({ length: 200 }, (_, n) => client.request(subject, bytes(String(n)), { timeoutMs }));
      t.same(
        (await Promise.all(all)).map(textOf),
        all.map((_, n) => String(n)),
      );
      t.equal((counts[0] ?? 0) + (counts[1] ?? 0), 200, 'each done once');
      t.ok(
        counts.every((count) => count > 20),
        `by both: ${counts}`,
      );
      await other.close();
      t.equal(
        textOf(await client.request(subject, bytes('left'), { timeoutMs })),
        'left',
        'the one that stays does all',
      );
    });

    await t.test('beyond its bounds a server answers UNAVAILABLE at once', async (t) => {
      const subject = fresh('busy');
      const gate = new Gate();
      let atWork = 0;
      let most = 0;
      server.serve(
        subject,
        'g',
        async (payload) => {
          most = Math.max(most, ++atWork);
          await gate.opened;
          atWork--;
          return payload;
        },
        { concurrency: 2, pending: 3 },
      );
      await served(server);
      const answers = Array.from({ length: 10 }, (_, n) => client.request(subject, bytes(String(n)), { timeoutMs }));
      const refused = answers.slice(5);
      t.same(await Promise.all(refused.map(reasonOf)), Array(5).fill('from the service'));
      gate.open();
      t.same(
        (await Promise.all(answers.slice(0, 5))).map(textOf),
        ['0', '1', '2', '3', '4'],
        'the others are done, in order',
      );
      t.equal(most, 2);
      t.equal(textOf(await client.request(subject, bytes('again'), { timeoutMs })), 'again');
    });

    await t.test('a request that expired while it waited is not executed', async (t) => {
      const subject = fresh('expired');
      const gate = new Gate();
      const executed: string[] = [];
      server.serve(
        subject,
        'g',
        async (payload) => {
          executed.push(textOf(payload));
          await gate.opened;
          return payload;
        },
        { concurrency: 1 },
      );
      await served(server);
      const first = client.request(subject, bytes('first'), { timeoutMs });
      const late = client.request(subject, bytes('late'), { timeoutMs: 150 });
      const third = client.request(subject, bytes('third'), { timeoutMs });
      t.equal(await reasonOf(late), 'timeout');
      gate.open();
      await Promise.all([first, third]);
      t.same(executed, ['first', 'third']);
    });

    await t.test('unsubscribed: what waits is refused, what is at work is answered', async (t) => {
      const subject = fresh('unsubscribed');
      const gate = new Gate();
      const begun = new Inbox<string>();
      const subscription = server.serve(
        subject,
        'g',
        async (payload) => {
          begun.put(textOf(payload));
          await gate.opened;
          return payload;
        },
        { concurrency: 1 },
      );
      await served(server);
      const atWork = client.request(subject, bytes('work'), { timeoutMs });
      await begun.until(1);
      const waiting = client.request(subject, bytes('wait'), { timeoutMs });
      await client.flush();
      await server.flush();
      subscription.unsubscribe();
      t.equal(await reasonOf(waiting), 'from the service');
      gate.open();
      t.equal(textOf(await atWork), 'work');
      await server.flush();
      t.equal(await reasonOf(client.request(subject, bytes(''), { timeoutMs })), 'no-responders');
    });

    await t.test('names that mean something else are refused', async (t) => {
      for (const subject of ['', 'a b', 'a..b', '.a', 'a.*', 'a.>']) {
        t.throws(() => client.publish(subject, bytes('')), TypeError);
        await t.rejects(client.request(subject, bytes(''), { timeoutMs }), TypeError);
      }
      t.throws(() => client.subscribe('a.>.b', () => {}), TypeError);
      t.throws(() => client.serve('a', 'g g', async (payload) => payload), TypeError);
    });
  });
}
