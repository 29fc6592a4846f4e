import t from 'tap';
import { reasonOf } from './conformance-requests.js';
import { bytes, fresh, Gate, Inbox, textOf } from './inbox.js';
import type { MakeBus } from './make-bus.js';

const timeoutMs = 3_000;

export function closing(name: string, makeBus: MakeBus): void {
  t.test(`${name}: closing`, async (t) => {
    await t.test('a handler at work asks others, answers, and only then the connection goes', async (t) => {
      const client = await makeBus('client');
      const server = await makeBus('server');
      const subject = fresh('last');
      const helper = fresh('helper');
      const gate = new Gate();
      const begun = new Inbox<string>();
      client.serve(helper, 'g', async () => bytes('helped'));
      server.serve(subject, 'g', async () => {
        begun.put('begun');
        await gate.opened;
        return server.request(helper, bytes(''), { timeoutMs });
      });
      await Promise.all([client.flush(), server.flush()]);
      const answer = client.request(subject, bytes(''), { timeoutMs });
      await begun.until(1);
      const closed = server.close();
      await client.flush();
      setImmediate(gate.open);
      t.equal(textOf(await answer), 'helped');
      await closed;
      t.equal(await reasonOf(client.request(subject, bytes(''), { timeoutMs })), 'no-responders');
      await client.close();
    });

    await t.test('closed: nothing goes out, everything fails at once, others go on', async (t) => {
      const bus = await makeBus('leaving');
      const other = await makeBus('staying');
      const subject = fresh('closed');
      const heard = new Inbox<string>();
      other.subscribe(subject, (payload) => heard.put(textOf(payload)));
      const mine = new Inbox<string>();
      bus.subscribe(subject, (payload) => mine.put(textOf(payload)));
      const queue = await bus.queue(fresh('closed'), { maxMessages: 10, ackWaitMs: 5_000 });
      const view = await bus.view<number>(fresh('closed'));
      const statuses: string[] = [];
      bus.onStatus((status) => statuses.push(status));
      const gate = new Gate();
      other.serve(`${subject}.hangs`, 'g', async (payload) => {
        await gate.opened;
        return payload;
      });
      await Promise.all([bus.flush(), other.flush()]);
      t.equal(bus.connected, true);
      const underWay = reasonOf(bus.request(`${subject}.hangs`, bytes(''), { timeoutMs }));
      t.equal(bus.publish(subject, bytes('before')), true);
      await Promise.all([bus.close(), bus.close()]);
      t.equal(await underWay, 'disconnected');
      gate.open();
      t.equal(bus.connected, false);
      t.same(statuses, ['disconnected']);
      t.equal(bus.publish(subject, bytes('after')), false);
      t.equal(await reasonOf(bus.request(subject, bytes(''), { timeoutMs })), 'disconnected');
      t.equal(await reasonOf(queue.push(bytes(''))), 'disconnected');
      t.equal(await reasonOf(view.get('k')), 'disconnected');
      t.throws(() => bus.subscribe(subject, () => {}), { code: 'UNAVAILABLE' });
      other.publish(subject, bytes('other'));
      t.same(await heard.until(2), ['before', 'other']);
      t.same(mine.all, ['before'], 'and nothing comes in');
      await other.close();
    });

    await t.test('a handler that never ends holds up the close for 5 s at most', async (t) => {
      const client = await makeBus('client');
      const server = await makeBus('server');
      const subject = fresh('stuck');
      const begun = new Inbox<string>();
      server.serve(subject, 'g', () => {
        begun.put('begun');
        return new Promise(() => {});
      });
      await server.flush();
      const answer = reasonOf(client.request(subject, bytes(''), { timeoutMs }));
      await begun.until(1);
      const before = Date.now();
      await server.close();
      t.ok(Date.now() - before < 6_500, `${Date.now() - before} ms`);
      t.equal(await answer, 'timeout');
      await client.close();
    });
  });
}
