import t from 'tap';
import { bytes, fresh, Inbox, textOf } from './inbox.js';
import type { MakeBus } from './make-bus.js';

export function events(name: string, makeBus: MakeBus): void {
  t.test(`${name}: events`, async (t) => {
    const publisher = await makeBus('publisher');
    const one = await makeBus('one');
    const two = await makeBus('two');
    t.teardown(() => Promise.all([publisher.close(), one.close(), two.close()]));

    await t.test('everybody hears everything; wildcards; never within publish', async (t) => {
      const subject = fresh('news');
      const exact = new Inbox<string>();
      const star = new Inbox<string>();
      const rest = new Inbox<string>();
      const own = new Inbox<string>();
      one.subscribe(`${subject}.a`, (payload) => exact.put(textOf(payload)));
      two.subscribe(`${subject}.*`, (payload, from) => star.put(`${from} ${textOf(payload)}`));
      two.subscribe(`${subject}.>`, (_, from) => rest.put(from));
      publisher.subscribe(`${subject}.a`, (payload) => own.put(textOf(payload)));
      await Promise.all([one.flush(), two.flush(), publisher.flush()]);
      t.equal(publisher.publish(`${subject}.a`, bytes('1')), true);
      t.equal(own.all.length, 0, 'not yet');
      publisher.publish(`${subject}.a.b`, bytes('2'));
      publisher.publish(`${subject}.c`, bytes('3'));
      await rest.until(3);
      t.same(rest.all, [`${subject}.a`, `${subject}.a.b`, `${subject}.c`]);
      t.same(await star.until(2), [`${subject}.a 1`, `${subject}.c 3`]);
      t.same(await exact.until(1), ['1']);
      t.same(await own.until(1), ['1']);
    });

    await t.test('patterns: one token or all that follow, never none', async (t) => {
      const s = fresh('patterns');
      const heard = new Inbox<string>();
      for (const pattern of [`${s}.*.c`, `${s}.b.>`, `${s}.>`, `${s}.*`, '*.end', s]) {
        one.subscribe(pattern, (_, from) => heard.put(`${pattern.replace(s, 's')} ${from.replace(s, 's')}`));
      }
      await one.flush();
      for (const subject of [s, `${s}.b`, `${s}.b.c`, `${s}.b.c.d`, `${s}.end`]) publisher.publish(subject, bytes(''));
      await heard.untilTrue((all) => all.filter((line) => line.endsWith(' s.end')).length === 3, 'the last subject');
      t.same([...heard.all].sort(), [
        '*.end s.end',
        's s',
        's.* s.b',
        's.* s.end',
        's.*.c s.b.c',
        's.> s.b',
        's.> s.b.c',
        's.> s.b.c.d',
        's.> s.end',
        's.b.> s.b.c',
        's.b.> s.b.c.d',
      ]);
    });

    await t.test('ten thousand messages of one publisher keep their order, over several subjects', async (t) => {
      const subject = fresh('order');
      const heard = new Inbox<number>();
      one.subscribe(`${subject}.*`, (payload) => heard.put(Number(textOf(payload))));
      await one.flush();
      let sent = 0;
      for (let n = 0; n < 10_000; n++) if (publisher.publish(`${subject}.${n % 7}`, bytes(String(n)))) sent++;
      t.equal(sent, 10_000);
      await heard.until(10_000, 10_000);
      t.ok(heard.all.every((value, place) => value === place));
      t.equal(heard.all.length, 10_000);
    });

    await t.test('of a queue group one hears a message', async (t) => {
      const subject = fresh('group');
      const first = new Inbox<string>();
      const second = new Inbox<string>();
      const everything = new Inbox<string>();
      one.subscribe(subject, (payload) => first.put(textOf(payload)), { queue: 'q' });
      two.subscribe(subject, (payload) => second.put(textOf(payload)), { queue: 'q' });
      two.subscribe(subject, (payload) => everything.put(textOf(payload)));
      await Promise.all([one.flush(), two.flush()]);
      for (let n = 0; n < 200; n++) publisher.publish(subject, bytes(String(n)));
      await everything.until(200);
      await Promise.all([publisher.flush(), one.flush(), two.flush()]);
      t.equal(new Set([...first.all, ...second.all]).size, 200);
      t.equal(first.all.length + second.all.length, 200, 'none twice');
      t.ok(first.all.length > 20 && second.all.length > 20, `both work: ${first.all.length}, ${second.all.length}`);
    });

    await t.test('a listener that throws stays, and so do the others', async (t) => {
      const subject = fresh('throwing');
      const errors = new Inbox<unknown>();
      const heard = new Inbox<string>();
      const others = new Inbox<string>();
      const listener = (payload: Uint8Array) => {
        heard.put(textOf(payload));
        throw new Error(`cannot bear ${textOf(payload)}`);
      };
      one.subscribe(subject, listener, {
        onError: (error) => {
          errors.put(error);
          throw new Error('nor can this');
        },
      });
      one.subscribe(subject, (payload) => others.put(textOf(payload)));
      await one.flush();
      publisher.publish(subject, bytes('1'));
      publisher.publish(subject, bytes('2'));
      t.same(await others.until(2), ['1', '2']);
      t.same(heard.all, ['1', '2']);
      t.match(errors.all, [{ message: 'cannot bear 1' }, { message: 'cannot bear 2' }]);
    });

    await t.test('unsubscribed hears nothing more; drained has heard all that was sent', async (t) => {
      const subject = fresh('leaving');
      const left = new Inbox<string>();
      const drained = new Inbox<string>();
      const stays = new Inbox<string>();
      const leaving = one.subscribe(subject, (payload) => left.put(textOf(payload)));
      const draining = one.subscribe(subject, (payload) => drained.put(textOf(payload)));
      one.subscribe(subject, (payload) => stays.put(textOf(payload)));
      await one.flush();
      publisher.publish(subject, bytes('1'));
      await publisher.flush();
      const done = draining.drain();
      await stays.until(1);
      leaving.unsubscribe();
      await done;
      t.same(drained.all, ['1']);
      publisher.publish(subject, bytes('2'));
      await stays.until(2);
      t.same(left.all, ['1']);
      t.same(drained.all, ['1']);
    });
  });
}
