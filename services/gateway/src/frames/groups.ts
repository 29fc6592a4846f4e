import { call } from '@teahouse/bus';
import { authCalls, clientFrames, groupCalls, iso, TeahouseError } from '@teahouse/contracts';
import { conversationOfGroup, forward, type Tools, type Verb, verb } from './verb.js';

/** Administration of one group: asked of group-chat as it is. */
const plain = (
  [
    'listJoinRequests',
    'answerJoinRequest',
    'inviteMember',
    'leaveGroup',
    'removeMember',
    'banMember',
    'unbanMember',
    'muteMember',
    'setRights',
    'transferOwner',
    'setGroupState',
    'dissolveGroup',
    'groupInfo',
  ] as const
).map(
  (type): Verb =>
    verb(clientFrames[type], {
      conversation: (fields) => conversationOfGroup(fields.groupId),
      run: (tools, session, fields, timeoutMs) => forward(tools, groupCalls[type], session, fields, timeoutMs) as never,
    }),
);

const createGroup = verb(clientFrames.createGroup, {
  run: (tools, session, fields, timeoutMs) => forward(tools, groupCalls.createGroup, session, fields, timeoutMs),
});

const listGroups = verb(clientFrames.listGroups, {
  run: (tools, session, fields, timeoutMs) => forward(tools, groupCalls.listGroups, session, fields, timeoutMs),
});

const findGroup = verb(clientFrames.findGroup, {
  conversation(fields) {
    oneOf('groupNumber', fields.groupNumber, 'text', fields.text);
    return undefined;
  },
  run: (tools, session, fields, timeoutMs) => forward(tools, groupCalls.findGroup, session, fields, timeoutMs),
});

/** By its number a group is not known to be the one of other frames: these joins are in no conversation's order. */
const joinGroup = verb(clientFrames.joinGroup, {
  conversation(fields) {
    oneOf('groupId', fields.groupId, 'groupNumber', fields.groupNumber);
    return fields.groupId === undefined ? undefined : conversationOfGroup(fields.groupId);
  },
  run: (tools, session, fields, timeoutMs) => forward(tools, groupCalls.joinGroup, session, fields, timeoutMs),
});

const updateGroup = verb(clientFrames.updateGroup, {
  conversation(fields) {
    if (fields.groupName === undefined && fields.announcement === undefined && fields.joinPolicy === undefined) {
      throw new TeahouseError('BAD_REQUEST', 'Name what to change: "groupName", "announcement" or "joinPolicy".');
    }
    return conversationOfGroup(fields.groupId);
  },
  run: (tools, session, fields, timeoutMs) => forward(tools, groupCalls.updateGroup, session, fields, timeoutMs),
});

const listMembers = verb(clientFrames.listMembers, {
  conversation: (fields) => conversationOfGroup(fields.groupId),
  async run(tools, session, fields, timeoutMs) {
    const page = await forward(tools, groupCalls.listMembers, session, fields, timeoutMs);
    const offline = page.members.map(({ userId }) => userId).filter((userId) => !tools.presence.isOnline(userId));
    const times = await lastOnline(tools, offline);
    const members = page.members.map((member) => {
      const online = tools.presence.isOnline(member.userId);
      const time = online ? Date.now() : times.get(member.userId);
      return { ...member, online, ...(time === undefined ? {} : { lastOnlineTime: iso(time) }) };
    });
    return { ...page, members };
  },
});

/** Longer than this a list of members does not wait for auth. */
const lastOnlineMs = 400;

/** When these users were last connected, as far as auth tells it in time. Never rejects. */
async function lastOnline(tools: Tools, userIds: number[]): Promise<Map<number, number>> {
  if (userIds.length === 0) return new Map();
  try {
    return new Map((await call(tools.bus, authCalls.lastOnline, { userIds }, { timeoutMs: lastOnlineMs })).times);
  } catch {
    return new Map();
  }
}

export const groupVerbs: readonly Verb[] = [
  ...plain,
  createGroup,
  listGroups,
  findGroup,
  joinGroup,
  updateGroup,
  listMembers,
];

function oneOf(first: string, a: unknown, second: string, b: unknown): void {
  if ((a === undefined) !== (b === undefined)) return;
  throw new TeahouseError('BAD_REQUEST', `Name either "${first}" or "${second}".`);
}
