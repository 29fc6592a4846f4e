import { eventually, type Frame, RequestError, type TestClient } from '@teahouse/test';
import type { Test } from 'tap';
import { each } from '../e2e/people.js';
import { type GroupRows, readGroups, writeGroups } from './group-rows.js';
import { effects, groupFor, type Ids, type Role, rowsAfter } from './matrix-effects.js';
import { asHeard, type Turn, toBeHeard } from './matrix-frames.js';
import { type Caller, type Cell, cells } from './matrix-table.js';
import type { Account, System } from './system.js';

const roles: readonly Role[] = [
  ...(['owner', 'admin', 'member', 'outsider', 'banned', 'system'] as const),
  ...(['otherAdmin', 'otherMember', 'asker', 'guest'] as const),
];
/** Callers of one pass: the groups of all cells at once would be more than one user may be in. */
const passes: readonly (readonly Caller[])[] = [
  ['owner', 'admin'],
  ['member', 'outsider'],
  ['banned', 'system'],
];
const atOnce = 8;
const rounds = 5;

type Accounts = Readonly<Record<Role, Account>>;
/** The connection that asks, and one to the other gateway, which listens as well. */
type Connections = Readonly<Record<Role, readonly [TestClient, TestClient]>>;

const forAll = <T>(make: (role: Role) => Promise<T>): Promise<Record<Role, T>> =>
  each(roles, 4, async (role) => [role, await make(role)] as const).then(
    (entries) => Object.fromEntries(entries) as Record<Role, T>,
  );

/**
 * Every cell of the table in a group of its own. Everybody listens on both gateways; afterwards the rows of all groups and
 * all that was heard of them are compared with what the table and the effects say, so that nothing else has happened either.
 */
export async function matrix(t: Test, system: System): Promise<void> {
  const accounts = await forAll((role) =>
    role === 'system' ? Promise.resolve(system.admin) : system.account(role === 'admin' ? 'deputy' : role),
  );
  const ids = Object.fromEntries(roles.map((role) => [role, accounts[role].id])) as Ids;
  for (const pass of passes) {
    const mine = cells.filter(({ caller }) => pass.includes(caller));
    await t.test(`${mine.length} cells of ${pass.join(' and ')}`, async (t) => {
      // On a busy machine an answer may not come in time, and whether the operation was done is open: once more, elsewhere.
      let left: readonly Cell[] = mine;
      for (let round = 1; round <= rounds && left.length > 0; round++) {
        left = await runCells(t, system, accounts, ids, left);
      }
      t.strictSame(left, [], 'each was answered');
    });
  }
}

/** Returns the cells that got no answer. */
async function runCells(
  t: Test,
  system: System,
  accounts: Accounts,
  ids: Ids,
  mine: readonly Cell[],
): Promise<readonly Cell[]> {
  const [newest] = await system.group('SELECT MAX(id) AS id FROM group_chat');
  const first = Number(newest?.id) + 1;
  const groups = mine.map((cell) => groupFor(cell, ids));
  await writeGroups(system.group, first, groups);
  const connections: Connections = await forAll(async (role) => [
    await system.connect(accounts[role], 0),
    await system.connect(accounts[role], 1),
  ]);
  const all = mine.map((cell, i): Turn => {
    const before = groups[i] as GroupRows;
    return { cell, groupId: first + i, before, after: rowsAfter(cell, before, ids) };
  });
  const answers = await each(all, atOnce, ({ cell, groupId }) => ask(connections[cell.caller][0], cell, groupId, ids));
  const answered = all
    .map((turn, i) => ({ ...turn, answer: answers[i] as { code?: string } }))
    .filter(({ answer }) => answer.code !== 'UNAVAILABLE');
  const ears = roles.flatMap((role) =>
    connections[role].map((client, index) => ({ role, index, client, of: () => byGroup(client.frames) })),
  );
  await allHeard(answered, ids, ears);
  await barrier(connections);

  const rows = await readGroups(system.group, first);
  const heard = ears.map((ear) => ({ ...ear, frames: ear.of() }));
  for (const turn of answered) {
    const { cell, groupId, answer } = turn;
    const { operation, state, caller, verdict } = cell;
    const expected = { answer: expectedAnswer(turn, ids), rows: turn.after, ...wanted(turn, ids, ears) };
    const found = Object.fromEntries(
      heard.map(({ role, index, frames }) => {
        const isNew = ids[role] in turn.after.members && !(ids[role] in turn.before.members);
        return [`${role} ${index}`, asHeard(frames.get(groupId) ?? [], isNew)];
      }),
    );
    const actual = { answer: project(answer, expected.answer), rows: rows.get(groupId), ...found };
    t.strictSame(actual, expected, `${operation}, ${state}, by ${caller}: ${verdict}`);
  }
  const early = heard.filter(({ frames }) => [...frames.values()].some(knownTooLate));
  t.strictSame(
    early.map(({ role }) => role),
    [],
    'who comes in knows the group before its first message',
  );
  await clear(system, first, connections);
  const done = new Set(answered.map(({ cell }) => cell));
  return mine.filter((cell) => !done.has(cell));
}

/** The ack, or the error without its sentence. */
async function ask(client: TestClient, cell: Cell, groupId: number, ids: Ids): Promise<object> {
  const frame = { type: cell.type, groupId, ...effects[cell.type]?.fields?.(cell, ids) };
  if (cell.type === 'typing' && (cell.verdict === 'yes' || cell.verdict === 'same')) {
    client.send(frame);
    return {};
  }
  try {
    return await client.request(frame, 30_000);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { code: error.code, retryable: error.frame.retryable };
  }
}

function expectedAnswer({ cell, after }: Turn, ids: Ids): object {
  if (cell.verdict === 'same') return cell.type === 'joinGroup' ? { status: 'joined' } : {};
  if (cell.verdict !== 'yes') return { code: cell.verdict, retryable: false };
  return effects[cell.type]?.answer?.(after, ids) ?? {};
}

/** As much of a value as `shape` has. */
function project(value: unknown, shape: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(shape))
    return value.map((item, i) => project(item, shape[i] ?? shape.at(-1)));
  if (typeof value !== 'object' || value === null || typeof shape !== 'object' || shape === null) return value;
  // An error is never the answer that was wanted, and shows whole.
  if ('code' in value) return value;
  const fields = value as Record<string, unknown>;
  return Object.fromEntries(Object.entries(shape).map(([name, part]) => [name, project(fields[name], part)]));
}

interface Ear {
  readonly role: Role;
  readonly index: number;
  of(): Map<number, Frame[]>;
}

function wanted(turn: Turn, ids: Ids, ears: readonly Ear[]) {
  return Object.fromEntries(
    ears.map(({ role, index }) => {
      const asked = role === turn.cell.caller && index === 0;
      return [`${role} ${index}`, toBeHeard(turn, ids, ids[role], asked)];
    }),
  );
}

const groupOf = ({ groupId, group }: Frame): number => Number(groupId ?? (group as { id?: number } | undefined)?.id);

function byGroup(frames: readonly Frame[]): Map<number, Frame[]> {
  const groups = new Map<number, Frame[]>();
  for (const frame of frames) {
    if (frame.type === 'ack' || frame.type === 'error') continue;
    const list = groups.get(groupOf(frame));
    if (list) list.push(frame);
    else groups.set(groupOf(frame), [frame]);
  }
  return groups;
}

/** Until as much has come as is to come; whether it is the right thing is looked at afterwards. */
async function allHeard(turns: readonly Turn[], ids: Ids, ears: readonly Ear[]): Promise<void> {
  const counts = turns.map((turn) =>
    Object.values(wanted(turn, ids, ears)).map(({ messages, pushed }) => messages.length + pushed.length),
  );
  const missing = () =>
    ears.some((ear, e) => {
      const frames = ear.of();
      return turns.some(({ groupId }, i) => (frames.get(groupId)?.length ?? 0) < (counts[i]?.[e] ?? 0));
    });
  await eventually(() => !missing(), 30_000, 'not all is heard').catch(() => {});
}

/** What was published before a message has come when that message has. */
async function barrier(connections: Connections): Promise<void> {
  const content = `barrier ${Math.random()}`;
  await connections.owner[0].request({ type: 'groupMessage', groupId: 1, content }, 30_000);
  const others = Object.values(connections)
    .flat()
    .filter((client) => client !== connections.owner[0]);
  await Promise.all(others.map((client) => client.waitFor((frame) => frame.content === content, 30_000)));
}

/** A message of a group came before the group's whole, to somebody who was told that one as an entrant. */
function knownTooLate(frames: readonly Frame[]): boolean {
  const told = frames.findIndex(({ type, group }) => type === 'groupChanged' && 'rights' in (group as object));
  const message = frames.findIndex(({ type }) => type === 'groupMessage');
  return told >= 0 && message >= 0 && message < told;
}

async function clear({ group: sql }: System, first: number, connections: Connections): Promise<void> {
  await Promise.all(
    Object.values(connections)
      .flat()
      .map((client) => client.close()),
  );
  for (const table of [
    'group_chat_member',
    'group_ban',
    'group_mute',
    'group_join_request',
    'group_message',
    'group_dissolving',
  ])
    await sql(`DELETE FROM ${table} WHERE groupId >= ?`, [first]);
  await sql('DELETE FROM group_chat WHERE id >= ?', [first]);
}
