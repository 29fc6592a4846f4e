import {
  type GroupAtLogin,
  type GroupMessage,
  type GroupSummary,
  type GroupWhole,
  groupStates,
  iso,
  joinPolicies,
  memberRights,
} from '@teahouse/contracts';
import type { StoredMessage } from '@teahouse/message-log';
import type { GroupChat, GroupChatMember } from './entities.js';
import { wordOf } from './numbers.js';
import type { GroupOfUser } from './store.js';

/* Rows as the protocol's shapes. */

/** A message as clients get it in history. */
export function groupMessage(message: StoredMessage): GroupMessage {
  const { conversationId, id, seq, from, content, kind, createTime, clientId, notice, recalled } = message;
  return {
    groupId: conversationId,
    id,
    seq,
    from,
    content,
    kind,
    createTime: iso(createTime),
    ...(clientId === undefined ? {} : { clientId }),
    ...(notice === undefined ? {} : { notice }),
    ...(recalled ? { recalled } : {}),
  };
}

/** The whole of a group as its members may see it; with a member row also what only that member is told. */
export function groupWhole(group: GroupChat, member?: GroupChatMember | null): GroupWhole {
  return {
    id: group.id,
    groupNumber: numberOf(group),
    groupName: group.groupName,
    state: wordOf(groupStates, group.state),
    announcement: group.announcement,
    joinPolicy: wordOf(joinPolicies, group.joinPolicy),
    memberCount: group.memberCount,
    ...(member
      ? {
          rights: wordOf(memberRights, member.rights),
          lastSeq: group.lastSeq,
          readSeq: member.readSeq,
          ...mutedUntil(member),
        }
      : {}),
  };
}

/** The end of a mute that still lasts. */
export function mutedUntil(member: GroupChatMember): { mutedUntil?: string } {
  return member.mutedUntil > Date.now() ? { mutedUntil: iso(member.mutedUntil) } : {};
}

/** A group in the list of one user. */
export function groupSummary(group: GroupOfUser): GroupSummary {
  const { id, groupNumber, groupName, lastSeq, readSeq } = group;
  return {
    id,
    groupNumber,
    groupName,
    state: wordOf(groupStates, group.state),
    rights: wordOf(memberRights, group.rights),
    lastSeq,
    readSeq,
  };
}

export function groupAtLogin(group: GroupOfUser): GroupAtLogin {
  return { ...groupSummary(group), memberCount: group.memberCount };
}

/** A group whose making has not committed is seen by nobody, so everybody sees a number. */
export function numberOf(group: GroupChat): number {
  if (group.groupNumber === null) throw new Error(`Group ${group.id} has no number.`);
  return group.groupNumber;
}
