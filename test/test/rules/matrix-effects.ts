import type { GroupRows } from './group-rows.js';
import { type Caller, type Cell, states } from './matrix-table.js';

/** Everybody in the matrix by what they are: those who ask, and those to whom something is done. */
export type Role = Caller | 'otherAdmin' | 'otherMember' | 'asker' | 'guest';
export type Ids = Readonly<Record<Role, number>>;

const policies = { approval: 1, invite: 2 } as const;
const rightsNumbers = { member: 0, owner: 1, admin: 2 } as const;

/** A group as it is before the operation of a cell. */
export function groupFor({ operation, state }: Cell, ids: Ids): GroupRows {
  const [, kind = ''] = operation.split(' ');
  const muted = kind.endsWith('silenced');
  const member = (rights: keyof typeof rightsNumbers) => ({ rights: rightsNumbers[rights], readSeq: 0, muted });
  const said = (from: number, content: string) => ({ from, kind: 'normal' as const, content, recalled: false });
  return {
    groupName: '茶友会',
    announcement: '',
    state: states.indexOf(state),
    joinPolicy: kind === 'approval' || kind === 'invite' ? policies[kind] : 0,
    ownerId: ids.owner,
    lastSeq: 6,
    memberCount: 5,
    members: {
      [ids.owner]: member('owner'),
      [ids.admin]: member('admin'),
      [ids.member]: member('member'),
      [ids.otherAdmin]: member('admin'),
      [ids.otherMember]: member('member'),
    },
    banned: [ids.banned],
    asking: [ids.asker],
    messages: [
      said(ids.owner, 'by the owner'),
      said(ids.admin, 'by the admin'),
      said(ids.member, 'by the member'),
      said(ids.otherMember, 'by another'),
      said(ids.member, 'old'),
      { from: ids.owner, kind: 'notice', content: '', recalled: false, notice: { event: 'updated', by: ids.owner } },
    ],
  };
}

/** What an operation does when it is allowed. */
export interface Effect {
  /** The fields of the frame, without `type` and `groupId`. */
  fields?(cell: Cell, ids: Ids): object;
  /** Brings the rows from what they were to what they are to be; `by` is who asked. Absent: it only reads. */
  change?(rows: GroupRows, by: number, ids: Ids, cell: Cell): void;
  /** What the ack holds, besides what is not looked at. */
  answer?(rows: GroupRows, ids: Ids): object;
}

function note(rows: GroupRows, by: number, notice: Record<string, unknown>): void {
  rows.messages.push({ from: by, kind: 'notice', content: '', recalled: false, notice: { by, ...notice } });
}

function enter(rows: GroupRows, by: number, userId: number): void {
  note(rows, by, { event: 'joined', userId });
  rows.members[userId] = { rights: rightsNumbers.member, readSeq: rows.messages.length, muted: false };
  rows.asking = rows.asking.filter((id) => id !== userId);
}

function leave(rows: GroupRows, by: number, userId: number, event: 'left' | 'removed' | 'banned'): void {
  delete rows.members[userId];
  if (rows.ownerId === userId) rows.ownerId = null;
  note(rows, by, { event, userId });
}

function memberOf(rows: GroupRows, userId: number) {
  const member = rows.members[userId];
  if (!member) throw new Error(`${userId} is no member`);
  return member;
}

const onTarget: Record<string, Role> = {
  member: 'otherMember',
  admin: 'otherAdmin',
  owner: 'owner',
  guest: 'guest',
  asker: 'asker',
  banned: 'banned',
  yes: 'asker',
  no: 'asker',
  0: 'otherMember',
  '0-silenced': 'otherMember',
  up: 'otherMember',
  down: 'otherAdmin',
  approval: 'guest',
  invite: 'guest',
};

/** On whom the operation of a cell is. */
function targetOf({ operation }: Cell, ids: Ids): number {
  const role = onTarget[operation.split(' ')[1] ?? ''];
  if (!role) throw new Error(`the second word of «${operation}» names nobody`);
  return ids[role];
}

const about = (cell: Cell, ids: Ids) => ({ userId: targetOf(cell, ids) });

/** The seq of the message that each may take back as an own one; who has none tries the member's. */
const ownSeq: Partial<Record<Caller, number>> = { owner: 1, admin: 2, member: 3 };
const recalledSeq = ({ operation, caller }: Cell): number =>
  ({ old: 5, other: 4, notice: 6 })[operation.split(' ')[1] ?? ''] ?? ownSeq[caller] ?? 3;
/** A state that the group is not in. */
const otherState = ({ state }: Cell) => (state === 'muted' ? 'adminsOnly' : 'muted');

/** By the type of the frame. */
export const effects: Record<string, Effect> = {
  groupMessage: {
    fields: () => ({ content: '茶 🍵' }),
    change(rows, by) {
      rows.messages.push({ from: by, kind: 'normal', content: '茶 🍵', recalled: false });
      memberOf(rows, by).readSeq = rows.messages.length;
    },
    answer: ({ messages }) => ({ seq: messages.length }),
  },
  history: {
    fields: () => ({ limit: 2 }),
    answer: () => ({ messages: [{ seq: 5 }, { seq: 6 }], more: true }),
  },
  search: {
    fields: () => ({ text: 'BY THE' }),
    answer: () => ({ messages: [{ seq: 3 }, { seq: 2 }, { seq: 1 }], more: false }),
  },
  markRead: {
    fields: () => ({ seq: 1000 }),
    change(rows, by) {
      memberOf(rows, by).readSeq = rows.lastSeq;
    },
    answer: ({ lastSeq }) => ({ readSeq: lastSeq }),
  },
  recallMessage: {
    fields: (cell) => ({ seq: recalledSeq(cell) }),
    change(rows, by, _ids, cell) {
      const seq = recalledSeq(cell);
      Object.assign(rows.messages[seq - 1] ?? {}, { content: '', recalled: true });
      note(rows, by, { event: 'recalled', seq });
    },
    answer: ({ messages }) => ({ seq: messages.length }),
  },
  typing: {},
  joinGroup: {
    change(rows, by, _ids, { operation }) {
      if (operation === 'joinGroup approval') rows.asking = [...rows.asking, by].sort((a, b) => a - b);
      else enter(rows, by, by);
    },
    answer: ({ joinPolicy }) => ({ status: joinPolicy === policies.approval ? 'requested' : 'joined' }),
  },
  listJoinRequests: {
    answer: (_, { asker }) => ({ requests: [{ userId: asker, username: 'asker', nickname: 'asker' }] }),
  },
  answerJoinRequest: {
    fields: (cell, ids) => ({ ...about(cell, ids), accept: !cell.operation.endsWith(' no') }),
    change(rows, by, { asker }, { operation }) {
      if (operation.endsWith(' no')) rows.asking = [];
      else enter(rows, by, asker);
    },
  },
  inviteMember: { fields: about, change: (rows, by, { guest }) => enter(rows, by, guest) },
  leaveGroup: { change: (rows, by) => leave(rows, by, by, 'left') },
  removeMember: {
    fields: about,
    change: (rows, by, ids, cell) => leave(rows, by, targetOf(cell, ids), 'removed'),
  },
  banMember: {
    fields: about,
    change(rows, by, ids, cell) {
      const userId = targetOf(cell, ids);
      rows.banned = [...rows.banned, userId].sort((a, b) => a - b);
      rows.asking = rows.asking.filter((id) => id !== userId);
      leave(rows, by, userId, 'banned');
    },
  },
  unbanMember: {
    fields: about,
    change(rows) {
      rows.banned = [];
    },
  },
  muteMember: {
    fields: (cell, ids) => ({ ...about(cell, ids), seconds: cell.operation.includes('0') ? 0 : 600 }),
    change(rows, by, ids, cell) {
      const userId = targetOf(cell, ids);
      const muted = !cell.operation.includes('0');
      memberOf(rows, userId).muted = muted;
      note(rows, by, muted ? { event: 'muted', userId, mutedUntil: 'a time' } : { event: 'unmuted', userId });
    },
  },
  setRights: {
    fields: (cell, ids) => ({
      ...about(cell, ids),
      rights: cell.operation.endsWith(' up') ? 'admin' : 'member',
    }),
    change(rows, by, ids, cell) {
      const userId = targetOf(cell, ids);
      const rights = cell.operation.endsWith(' up') ? 'admin' : 'member';
      memberOf(rows, userId).rights = rightsNumbers[rights];
      note(rows, by, { event: 'rights', userId, rights });
    },
  },
  transferOwner: {
    fields: about,
    change(rows, by, { owner, otherMember }) {
      memberOf(rows, owner).rights = rightsNumbers.admin;
      memberOf(rows, otherMember).rights = rightsNumbers.owner;
      rows.ownerId = otherMember;
      note(rows, by, { event: 'owner', userId: otherMember });
    },
  },
  setGroupState: {
    fields: (cell) => ({
      state: !cell.operation.endsWith(' same') || cell.state === 'dissolved' ? otherState(cell) : cell.state,
    }),
    change(rows, by, _ids, cell) {
      const state = otherState(cell);
      rows.state = states.indexOf(state);
      note(rows, by, { event: 'state', state });
    },
  },
  updateGroup: {
    fields: () => ({ groupName: '新茶友会', announcement: '今晚八点', joinPolicy: 'open' }),
    change(rows, by) {
      Object.assign(rows, { groupName: '新茶友会', announcement: '今晚八点' });
      note(rows, by, { event: 'updated', groupName: '新茶友会', announcement: '今晚八点' });
    },
  },
  dissolveGroup: {
    change(rows, by) {
      rows.state = states.indexOf('dissolved');
      rows.asking = [];
      note(rows, by, { event: 'dissolved' });
    },
  },
  groupInfo: {
    answer: ({ state }) => ({
      group: { groupName: '茶友会', state: states[state], announcement: '', joinPolicy: 'open', memberCount: 5 },
    }),
  },
  listMembers: {
    fields: () => ({ limit: 200 }),
    answer: ({ members }) => ({
      members: Object.keys(members).map((userId) => ({ userId: Number(userId) })),
      more: false,
    }),
  },
};

/** The rows after the operation of a cell. */
export function rowsAfter(cell: Cell, before: GroupRows, ids: Ids): GroupRows {
  const rows = structuredClone(before);
  if (cell.verdict !== 'yes') return rows;
  effects[cell.type]?.change?.(rows, ids[cell.caller], ids, cell);
  rows.lastSeq = rows.messages.length;
  rows.memberCount = Object.keys(rows.members).length;
  return rows;
}
