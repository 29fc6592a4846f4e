import type { Member, Notice } from '@teahouse/client';
import { shallowReactive } from 'vue';
import { changedMember } from './groups';
import { ask, onLeave } from './login';
import { learn } from './people';

const page = 200;

/** The members of the group looked at, by user id, as far as they were read: pages of 200 as the list is scrolled. */
export interface MemberList {
  readonly groupId: number;
  members: readonly Member[];
  more: boolean;
  loading: boolean;
}

let current: MemberList | undefined;

/** The list of a group, empty where it is not the one looked at last. */
export function membersOf(groupId: number): MemberList {
  if (current?.groupId !== groupId) {
    current = shallowReactive<MemberList>({ groupId, members: [], more: true, loading: false });
  }
  return current;
}

/** Reads the next page. Rejects with ChatError. */
export async function readMembers(list: MemberList): Promise<void> {
  if (list.loading || !list.more) return;
  list.loading = true;
  try {
    const after = list.members.at(-1)?.userId ?? 0;
    const { members, more } = await ask('listMembers', { groupId: list.groupId, after, limit: page });
    for (const member of members) learn({ ...member, id: member.userId });
    list.members = [...list.members, ...members];
    list.more = more;
  } finally {
    list.loading = false;
  }
}

/** Keeps the list in step; one who joined is read. */
export function memberNotice(groupId: number, notice: Notice): void {
  const list = current;
  if (list?.groupId !== groupId) return;
  list.members = list.members.map((member) => changedMember(member, notice)).filter((member) => member !== undefined);
  const joined = notice.event === 'joined' ? (notice.userId ?? notice.by) : undefined;
  if (joined === undefined || (list.more && joined > (list.members.at(-1)?.userId ?? 0))) return;
  ask('listMembers', { groupId, after: joined - 1, limit: 1 }).then(
    ({ members: [member] }) => {
      if (member?.userId !== joined) return;
      learn({ ...member, id: joined });
      const others = list.members.filter(({ userId }) => userId !== joined);
      list.members = [...others, member].sort((a, b) => a.userId - b.userId);
    },
    () => {}, // They appear when the list is opened again.
  );
}

onLeave(() => {
  current = undefined;
});
