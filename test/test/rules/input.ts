import { type ClientFrame, clientFrames } from '@teahouse/contracts';
import { type Frame, RequestError, type TestClient } from '@teahouse/test';
import type { Test } from 'tap';
import { each } from '../e2e/people.js';
import type { Sql, System } from './system.js';

/** What a schema of a field says, as far as wrong values can be made of it. */
interface Shape {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly items?: Shape;
}

const nobody = 999_999_999;
const biggest = Number.MAX_SAFE_INTEGER;
const groupTables = [
  'group_chat',
  'group_chat_member',
  'group_ban',
  'group_mute',
  'group_join_request',
  'group_message',
];
const privateTables = ['private_conversation', 'private_message', 'private_block'];
/** Belong to the connection itself. */
const apart = new Set(['init', 'heartbeat']);
const frames = (Object.values(clientFrames) as ClientFrame[]).filter(({ type }) => !apart.has(type));

/** Values that no field of this shape may have. */
function wrongValues({ type, minimum, maximum, minLength, maxLength, pattern, maxItems, items }: Shape): unknown[] {
  const others = [null, {}];
  switch (type) {
    case 'integer': {
      const beyond = [...(minimum === undefined ? [] : [minimum - 1]), (maximum ?? biggest) + 1];
      return [...others, '1', '', 1.5, true, [1], -1, 1e300, ...beyond];
    }
    case 'boolean':
      return [...others, 'true', 0, 1, []];
    case 'array': {
      const tooMany = maxItems === undefined ? [] : [Array.from({ length: maxItems + 1 }, () => 1)];
      return [...others, '1', 1, ...tooMany, ...wrongValues(items ?? {}).map((item) => [item])];
    }
    case 'string': {
      const long = maxLength === undefined ? [] : ['x'.repeat(maxLength + 1), '🍵'.repeat(maxLength + 1)];
      return [
        ...others,
        1,
        true,
        ['x'],
        ...(minLength ? [''] : []),
        ...long,
        ...(pattern ? ['a\u0000', '\ud800'] : []),
      ];
    }
    // One of some words.
    default:
      return [...others, 0, 1, true, [], 'nonsense', '', 'constructor'];
  }
}

/** What no client of ours sends, made from the schemas: each field of each frame missing, of another type, out of its range. */
export async function input(t: Test, system: System): Promise<void> {
  const [mine, other, stranger] = [
    await system.account('input-one'),
    await system.account('input-two'),
    await system.account('input-three'),
  ];
  const [client, outside] = [await system.connect(mine), await system.connect(stranger)];
  const { groupId } = await client.request({ type: 'createGroup', groupName: 'input' });
  const hidden = await client.request({ type: 'createGroup', groupName: 'hidden', joinPolicy: 'invite' });
  const ended = await client.request({ type: 'createGroup', groupName: 'ended', joinPolicy: 'invite' });
  const barred = await client.request({ type: 'createGroup', groupName: 'barred', joinPolicy: 'invite' });
  await client.request({ type: 'dissolveGroup', groupId: ended.groupId });
  await client.request({ type: 'banMember', groupId: barred.groupId, userId: stranger.id });
  await client.request({ type: 'inviteMember', groupId, userId: other.id });
  await client.request({ type: 'groupMessage', groupId, content: 'one' });
  await client.request({ type: 'privateMessage', to: other.id, content: 'one' });
  const ids = { groupId, userId: other.id, to: other.id, with: other.id };

  /** A frame of this type that is in shape; about a group where it may be about either. */
  const good = ({ type, fields, example }: ClientFrame, about: Record<string, unknown> = {}) => {
    const places = 'with' in fields.properties && !('with' in about) ? { with: undefined, groupId } : {};
    const known = Object.entries(ids).filter(([name]) => name in fields.properties && name in example);
    const number = 'groupId' in about ? { groupNumber: undefined } : {};
    return { ...example, ...Object.fromEntries(known), ...places, ...number, ...about, type };
  };
  const before = await everything(system);

  await t.test('each field of each frame: BAD_REQUEST', async (t) => {
    for (const frame of frames) {
      const { properties, required = [] } = frame.fields as unknown as {
        properties: Record<string, Shape>;
        required?: string[];
      };
      const wrong = Object.entries(properties).flatMap(([name, shape]) =>
        wrongValues(shape).map((value) => ({ ...good(frame), [name]: value })),
      );
      const missing = required.map((name) => ({ ...good(frame), [name]: undefined }));
      const codes = await each([...wrong, ...missing], 20, async (bad) => {
        const { code } = await refusal(client, bad);
        return code === 'BAD_REQUEST' ? [] : [`${code}: ${JSON.stringify(bad).slice(0, 200)}`];
      });
      t.strictSame(codes.flat(), [], `${frame.type}: ${codes.length} frames out of shape`);
    }
  });

  await t.test('fields that contradict each other: BAD_REQUEST', async (t) => {
    const contradictions = [
      ...['history', 'markRead', 'recallMessage', 'typing', 'search'].flatMap((type) => [
        { type, seq: 1, text: 'x' },
        { type, seq: 1, text: 'x', groupId, with: other.id },
        { type, seq: 1, text: 'x', with: mine.id },
      ]),
      { type: 'history', groupId, beforeSeq: 2, afterSeq: 1 },
      { type: 'history', with: other.id, beforeSeq: 2, afterSeq: 1 },
      { type: 'privateMessage', to: mine.id, content: 'x' },
      { type: 'blockUser', userId: mine.id },
      { type: 'joinGroup' },
      { type: 'joinGroup', groupId, groupNumber: 10_000 },
      { type: 'findGroup' },
      { type: 'findGroup', groupNumber: 10_000, text: 'x' },
      { type: 'updateGroup', groupId },
      { type: 'nonsense' },
      { type: 'toString' },
    ];
    for (const frame of contradictions)
      t.match(await refusal(client, frame), { code: 'BAD_REQUEST', retryable: false }, JSON.stringify(frame));
  });

  await t.test('a group that one may not know of answers like one that is not there', async (t) => {
    const { group } = await client.request({ type: 'groupInfo', groupId: hidden.groupId });
    const hiddenNumber = (group as { groupNumber: number }).groupNumber;
    for (const frame of frames.filter(({ fields }) => 'groupId' in fields.properties)) {
      const absent = await refusal(outside, good(frame, { groupId: nobody }));
      t.match(absent, { code: 'NOT_FOUND', retryable: false }, `${frame.type}: NOT_FOUND`);
      for (const unknown of [hidden.groupId, ended.groupId, barred.groupId, biggest]) {
        const { ref: _, ...answer } = await refusal(outside, good(frame, { groupId: unknown }));
        const { ref: __, ...wanted } = absent;
        t.strictSame(answer, wanted, `${frame.type}: the same of ${unknown}`);
      }
    }
    const { ref: _, ...absent } = await refusal(outside, { type: 'joinGroup', groupNumber: biggest });
    const { ref: __, ...answer } = await refusal(outside, { type: 'joinGroup', groupNumber: hiddenNumber });
    t.strictSame(answer, absent, 'by number, too');
    t.match(await outside.request({ type: 'findGroup', text: 'hidden' }), { groups: [] });
  });

  await t.test('people who are not there: NOT_FOUND', async (t) => {
    const naming = frames.filter(({ fields }) => 'userId' in fields.properties || 'to' in fields.properties);
    const named = naming.map((frame) =>
      good(frame, 'to' in frame.fields.properties ? { to: nobody } : { userId: nobody }),
    );
    const placed = ['history', 'markRead', 'recallMessage', 'search'].map((type) => ({
      type,
      seq: 1,
      text: 'x',
      with: nobody,
    }));
    for (const frame of [...named, ...placed])
      t.match(await refusal(client, frame), { code: 'NOT_FOUND', retryable: false }, JSON.stringify(frame));
    t.match(await client.request({ type: 'presence', userIds: [nobody, biggest] }), { online: [] });
    const page = await client.request({ type: 'listConversations', before: nobody });
    t.match(page, { conversations: [{ userId: other.id }] });
  });

  await t.test('numbers at the end of their range', async (t) => {
    for (const place of [{ groupId }, { with: other.id }]) {
      t.match(await client.request({ type: 'history', ...place, afterSeq: biggest }), { messages: [], more: false });
      t.match(await client.request({ type: 'history', ...place, beforeSeq: biggest, limit: 1 }), {
        messages: [{ content: 'one' }],
      });
      t.match(await client.request({ type: 'history', ...place, beforeSeq: 1 }), { messages: [], more: false });
      t.match(await client.request({ type: 'search', ...place, text: 'ONE', beforeSeq: biggest }), {
        messages: [{ content: 'one' }],
      });
      t.match(await client.request({ type: 'search', ...place, text: 'ONE', beforeSeq: 1 }), { messages: [] });
      t.match(await refusal(client, { type: 'recallMessage', ...place, seq: biggest }), { code: 'NOT_FOUND' });
    }
    t.match(await client.request({ type: 'listMembers', groupId, after: biggest }), { members: [], more: false });
  });

  t.strictSame(await everything(system), before, 'nothing of all this changed a row');
  t.equal(client.frames.filter(({ code }) => code === 'INTERNAL').length, 0);
}

async function refusal(client: TestClient, frame: Record<string, unknown> & { type: string }): Promise<Frame> {
  try {
    return { ...(await client.request(frame, 30_000)), code: 'nothing: it was done' };
  } catch (error) {
    if (error instanceof RequestError) return error.frame;
    throw error;
  }
}

async function everything({ group, personal }: System): Promise<unknown> {
  const dump = (sql: Sql, tables: readonly string[]) =>
    Promise.all(tables.map((table) => sql(`SELECT * FROM ${table} ORDER BY 1, 2`)));
  return [await dump(group, groupTables), await dump(personal, privateTables)];
}
