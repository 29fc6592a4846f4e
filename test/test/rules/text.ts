import type { TestClient } from '@teahouse/test';
import type { Test } from 'tap';
import type { System } from './system.js';

/** Text that is easily broken on its way; each comes back as it was sent. */
const texts: readonly string[] = [
  '👩‍👩‍👧‍👦 family, 🏳️‍🌈 flag, 👍🏽 skin, 🇨🇳 region, 1️⃣ keycap',
  'שלום עולם \u202bנכתב מימין\u202c and back',
  'مرحبا بالعالم، می\u200cخواهم',
  'e\u0301 and é are not one, a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307 is',
  'Z̸̢̧͖̝̼̓̽a̴͙͑l̶̠̈́g̷̭̀o̵̹͐',
  '각 and 각, नमस्ते, ภาษาไทย, မြန်မာ',
  '𠜎𠜱𠝹 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u{1f9cb}\u{10fffd}',
  '  spaces at both ends, a\ttab, \r\n two \n lines \u2028 and \u2029 more  ',
  `quotes ' " \` and \\ backslashes \\n %_ -- ; DROP TABLE`,
  '\ufeffa mark of order, \u200d a joiner alone, \ufffd \uffff \u0001 \u007f \u0085',
  'ẞß İı ſ K Å: letters whose case is not a pair',
];
const longest = (point: string) => point.repeat(4096);
const all = [...texts, longest('🍵'), longest('𠜎'), longest('\u{10fffd}')];

const short = (text: string) => JSON.stringify([...text].slice(0, 20).join(''));

/** Everything sent comes back as it was: to those who listen, from history, from search, in groups and in private. */
export async function text(t: Test, system: System): Promise<void> {
  const [one, two] = [await system.account('text-one'), await system.account('text-two')];
  const [from, to] = [await system.connect(one, 0), await system.connect(two, 1)];
  const { groupId } = await from.request({ type: 'createGroup', groupName: 'text' });
  await from.request({ type: 'inviteMember', groupId, userId: two.id });

  await t.test('in a group', (t) =>
    roundTrip(t, from, to, { type: 'groupMessage', groupId }, { groupId }, { groupId }),
  );
  await t.test('in private', (t) =>
    roundTrip(t, from, to, { type: 'privateMessage', to: two.id }, { with: two.id }, { with: one.id }),
  );

  await t.test('names and announcements', async (t) => {
    const [groupName, announcement] = ['👩‍👧'.repeat(21), `${longest('𠜎').slice(0, 2046)} `];
    await from.request({ type: 'updateGroup', groupId, groupName, announcement });
    t.match(await to.request({ type: 'groupInfo', groupId }), { group: { groupName, announcement } });
    t.match(await to.request({ type: 'findGroup', text: '👧👩' }), { groups: [{ id: groupId, groupName }] });
    await t.rejects(from.request({ type: 'updateGroup', groupId, groupName: '𠜎'.repeat(65) }), {
      code: 'BAD_REQUEST',
    });
  });
}

type Place = { groupId: unknown } | { with: number };

async function roundTrip(
  t: Test,
  from: TestClient,
  to: TestClient,
  frame: { readonly type: string; readonly [field: string]: unknown },
  mine: Place,
  theirs: Place,
): Promise<void> {
  const stored = new Map<string, number>();
  for (const [i, content] of all.entries()) {
    const clientId = `${frame.type}${i}`;
    const { seq, id } = await from.request({ ...frame, content, clientId }, 30_000);
    stored.set(content, Number(seq));
    const heard = await to.waitFor((got) => got.type === frame.type && got.id === id, 30_000);
    t.equal(heard.content, content, `${short(content)} is heard`);
    t.match(await from.request({ ...frame, content, clientId }, 30_000), { seq, id, duplicate: true });
  }
  for (const [client, place] of [
    [from, mine],
    [to, theirs],
  ] as const) {
    for (const [content, seq] of stored) {
      const { messages } = await client.request({ type: 'history', ...place, afterSeq: seq - 1, limit: 1 }, 30_000);
      t.match(messages, [{ seq, content }], `${short(content)} is in history`);
      const wanted = [...content].slice(0, 64).join('');
      const found = await client.request(
        { type: 'search', ...place, text: wanted, beforeSeq: seq + 1, limit: 1 },
        30_000,
      );
      t.match(found.messages, [{ seq, content }], `${short(content)} is found`);
    }
  }
  // One who writes the same with other code points writes something else.
  await from.request({ ...frame, content: 'é', clientId: `${frame.type}-form` });
  await t.rejects(from.request({ ...frame, content: 'e\u0301', clientId: `${frame.type}-form` }), { code: 'CONFLICT' });
  await t.rejects(
    from.request({ ...frame, content: `${longest('🍵')}x` }),
    { code: 'BAD_REQUEST' },
    '4097 are too many',
  );
  t.match(await to.request({ type: 'search', ...theirs, text: 'ÅNGSTRÖM' }), { messages: [], more: false });
}
