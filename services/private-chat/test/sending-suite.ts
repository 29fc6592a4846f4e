import type { Bus } from '@teahouse/bus';
import { limits, subjects, TeahouseError } from '@teahouse/contracts';
import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { connectionOf, type MakeSetup, type Result, running } from './setups.js';

const code = (name: string) => ({ code: name });

/** Who may write to whom, what is stored and what is told, whatever the service runs on. */
export function sendingSuite(name: string, make: MakeSetup): void {
  const story = (sentence: string, body: (t: Test) => Promise<void>) => t.test(`${name}: ${sentence}`, body);

  story(
    'two who share a group begin to talk; both hear it before the ack, the sender’s connection is named',
    async (t) => {
      const { send, hearUser, as, sql } = await running(t, make);
      const [one, two, three] = [await hearUser(1), await hearUser(2), await hearUser(3)];
      const [stored] = (await send([2, 1, '你好 "x"\n', 'a1'])) as [Result];
      t.equal(stored.seq, 1);
      const frame = {
        type: 'privateMessage',
        from: 2,
        to: 1,
        id: stored.id,
        seq: 1,
        content: '你好 "x"\n',
        kind: 'normal',
        createTime: stored.createTime,
        clientId: 'a1',
      };
      await eventually(() => one.frames.length === 1 && two.frames.length === 1, 2000, 'not published');
      t.strictSame(one.frames, [frame]);
      t.strictSame(two.frames, [frame]);
      t.strictSame(one.headers, [{ kind: 'run', users: [1, 2], first: 1, senders: [connectionOf(2)] }]);
      t.strictSame(three.frames, []);
      const { type: _, ...message } = frame;
      t.strictSame((await as(1, 'history', { with: 2 })).messages, [message]);
      t.strictSame((await as(2, 'history', { with: 1 })).messages, [message], 'one conversation, from both sides');
      const [answer] = await send([1, 2, 'you too']);
      t.equal(answer?.seq, 2);
      t.equal((await sql('SELECT id FROM private_conversation')).length, 1);
    },
  );

  story('a quiet send is stored and answered, and not published, also the first one of two people', async (t) => {
    const { ask, send, hearUser, as } = await running(t, make);
    const [one, two] = [await hearUser(1), await hearUser(2)];
    for (const content of ['hush', 'hush again'])
      await ask('append', { quiet: true, items: [{ from: 2, to: 1, content, connectionId: connectionOf(2) }] });
    t.match(await send([1, 2, 'aloud']), [{ seq: 3 }]);
    await eventually(() => one.frames.length > 0 && two.frames.length > 0, 2000, 'the third one is published');
    for (const { headers } of [one, two]) t.match(headers, [{ kind: 'run', first: 3 }]);
    const { messages } = await as(1, 'history', { with: 2 });
    t.match(messages, [{ content: 'hush' }, { content: 'hush again' }, { content: 'aloud' }]);
  });

  story('who hears a quiet send does not wait for the first contact that came with it', async (t) => {
    const { ask, send, hearUser } = await running(t, make);
    await send([2, 1, 'known']);
    const one = await hearUser(1);
    const item = (from: number, content: string) => ({ from, to: 1, content, connectionId: connectionOf(from) });
    const { results } = await ask('append', { quiet: true, items: [item(3, 'first'), item(2, 'again')] });
    t.match(results, [{ seq: 1 }, { seq: 2 }]);
    await eventually(() => one.frames.length === 1, 2000, 'not published');
    t.match(one.frames, [{ content: 'again' }], 'the first contact itself is told by the answer');
  });

  story('a run larger than one event is split, and none is over 256 KiB', async (t) => {
    const { send, bus, hearUser } = await running(t, make);
    const heard = await hearUser(2);
    const sizes: number[] = [];
    bus.subscribe(subjects.user(1, 'private'), (payload) => sizes.push(payload.length));
    await bus.flush();
    await send(
      ...Array.from({ length: 30 }, (_, i): [number, number, string] => [
        1,
        2,
        `${i}${'茶'.repeat(limits.content - 10)}`,
      ]),
    );
    await eventually(() => heard.frames.length === 30, 3000, 'not all published');
    t.ok(sizes.length > 1 && sizes.every((size) => size <= limits.payloadBytes));
    const firsts = heard.headers.map((header) => header.kind === 'run' && header.first);
    const senders = heard.headers.map((header) => (header.kind === 'run' ? header.senders.length : 0));
    t.equal(firsts[0], 1);
    t.strictSame(
      firsts.slice(1),
      senders.slice(0, -1).map((_, i) => senders.slice(0, i + 1).reduce((a, b) => a + b, 1)),
    );
  });

  story(
    'who may not write to whom, in the protocol’s order, and nothing is left of a refused first contact',
    async (t) => {
      const { words, memberships, as, sql } = await running(t, make);
      await memberships.put('3', { groups: [7, 8] }, 1);
      await memberships.put('4', { groups: [8, 9] }, 1);
      t.strictSame(await words([1, 1, 'me'], [1, 99, 'nobody'], [1, 3, 'stranger']), [
        'BAD_REQUEST',
        'NOT_FOUND',
        'NO_COMMON_GROUP',
      ]);
      t.strictSame(await sql('SELECT id FROM private_conversation'), []);
      t.strictSame(await words([3, 4, 'common group 8']), [1]);
      await as(3, 'blockUser', { userId: 1 });
      t.strictSame(
        await words([1, 3, 'blocked'], [3, 1, 'blocks']),
        ['BLOCKED', 'BLOCKED'],
        'either way, and before the common group',
      );
      t.equal((await sql('SELECT id FROM private_conversation WHERE lastSeq > 0')).length, 1);
      await memberships.put('4', { groups: [] }, 2);
      t.strictSame(await words([4, 3, 'still'], [3, 4, 'so']), [2, 3], 'who have talked may go on');
      t.strictSame(await words([1, 4, 'no group at all']), ['NO_COMMON_GROUP']);
    },
  );

  story('a conversation that was made and never begun is still a first contact', async (t) => {
    const { words, memberships, sql } = await running(t, make);
    await memberships.put('3', { groups: [7] }, 1);
    await sql('INSERT INTO private_conversation (userLow, userHigh) VALUES (1, 3)');
    t.strictSame(await words([1, 3, 'stranger']), ['NO_COMMON_GROUP']);
    await memberships.put('3', { groups: [7, 1] }, 2);
    t.strictSame(await words([1, 3, 'no more']), [1]);
  });

  story('without the views those who have talked go on; only first contacts are unavailable', async (t) => {
    let down = true;
    const withoutViews = (bus: Bus): Bus =>
      new Proxy(bus, {
        get(target, key) {
          if (key === 'view' && down) return () => Promise.reject(new TeahouseError('UNAVAILABLE'));
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const { words, as, listOf, sql } = await running(t, make, { served: withoutViews });
    await sql('INSERT INTO private_conversation (userLow, userHigh, lastSeq) VALUES (1, 2, 4)');
    t.strictSame(await words([1, 2, 'on'], [1, 3, 'first'], [1, 1, 'me']), [5, 'UNAVAILABLE', 'BAD_REQUEST']);
    t.equal((await listOf(1)).conversations[0]?.username, 'user2');
    await t.rejects(as(1, 'history', { with: 3 }), code('UNAVAILABLE'));
    await t.rejects(as(1, 'blockUser', { userId: 3 }), code('UNAVAILABLE'));
    down = false;
    t.strictSame(await words([1, 3, 'first']), [1], 'and back without a restart');
  });

  story(
    'a repeated send is answered by the first, before any rule; a clientId used elsewhere is a conflict, even towards strangers',
    async (t) => {
      const { words, send, memberships, as } = await running(t, make);
      await memberships.put('3', { groups: [7] }, 1);
      const [first] = (await send([1, 2, 'hello', 'x'])) as [Result];
      await as(2, 'blockUser', { userId: 1 });
      t.strictSame(await send([1, 2, 'hello', 'x']), [{ ...first, duplicate: true }]);
      t.strictSame(await words([1, 2, 'new']), ['BLOCKED']);
      t.strictSame(await words([1, 2, 'other', 'x'], [1, 3, 'hello', 'x'], [1, 99, 'hello', 'x']), [
        'CONFLICT',
        'CONFLICT',
        'CONFLICT',
      ]);
      t.strictSame(
        await words([4, 1, 'a', 'y'], [4, 1, 'a', 'y'], [4, 3, 'a', 'y'], [4, 3, 'b', 'z'], [4, 3, 'b', 'z']),
        [1, '1 again', 'CONFLICT', 'NO_COMMON_GROUP', 'NO_COMMON_GROUP'],
      );
    },
  );

  story('two instances and both people at once make one conversation', async (t) => {
    const { words, sql } = await running(t, make, { instances: 2 });
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, i) => words(i % 2 === 0 ? [1, 2, `m${i}`] : [2, 1, `m${i}`])),
    );
    t.strictSame(
      all.flat().sort((a, b) => Number(a) - Number(b)),
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    t.equal((await sql('SELECT id FROM private_conversation')).length, 1);
  });

  story('no message is stored after a block was answered', async (t) => {
    const { as, words, sql } = await running(t, make);
    await words([1, 2, 'first']);
    for (let round = 0; round < 10; round++) {
      const sends = Array.from({ length: 20 }, (_, i) => words([1, 2, `${round} ${i}`]));
      await as(2, 'blockUser', { userId: 1 });
      const [row] = await sql('SELECT lastSeq FROM private_conversation');
      await Promise.all(sends);
      t.strictSame(await sql('SELECT lastSeq FROM private_conversation'), [row]);
      await as(2, 'unblockUser', { userId: 1 });
    }
  });
}
