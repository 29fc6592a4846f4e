// Written by `npm run client-types` from packages/contracts; do not edit.
// Length: the whole protocol in one piece, as it is written.

/** Muted: nobody speaks; adminsOnly: owner and admins speak. */
export type GroupState = 'normal' | 'dissolved' | 'muted' | 'adminsOnly';

/** Rights in a group. */
export type MemberRights = 'member' | 'owner' | 'admin';

/** Who may join. */
export type JoinPolicy = 'open' | 'approval' | 'invite';

/** A notice tells of a change of the group or a recall. */
export type MessageKind = 'normal' | 'notice';

/** An admin administers every group as its owner may. */
export type SystemRole = 'user' | 'admin';

/** See the error catalogue. */
export type ErrorCode =
  | 'BAD_REQUEST'
  | 'UNAUTHENTICATED'
  | 'BAD_CREDENTIALS'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'NOT_A_MEMBER'
  | 'GROUP_DISSOLVED'
  | 'GROUP_MUTED'
  | 'MEMBER_MUTED'
  | 'NO_COMMON_GROUP'
  | 'BLOCKED'
  | 'RATE_LIMITED'
  | 'UNAVAILABLE'
  | 'INTERNAL';

export type NoticeEvent =
  | 'created'
  | 'joined'
  | 'left'
  | 'removed'
  | 'banned'
  | 'muted'
  | 'unmuted'
  | 'rights'
  | 'owner'
  | 'state'
  | 'updated'
  | 'dissolved'
  | 'recalled';

/** A change of the group, a recall of the message `seq`, or an official notice. */
export interface Notice {
  event: NoticeEvent;
  /** User id. */
  by?: number;
  /** User id. */
  userId?: number;
  rights?: MemberRights;
  state?: GroupState;
  /** ISO 8601, UTC, milliseconds. */
  mutedUntil?: string;
  /** Name of a group. */
  groupName?: string;
  /** Announcement of a group; may be empty. */
  announcement?: string;
  joinPolicy?: JoinPolicy;
  /** Place in the conversation: 1, 2, 3 … without a hole. */
  seq?: number;
  /** An administrator's words in `content`; the event is `updated`, and nothing changed. */
  official?: true;
}

export interface User {
  /** User id. */
  id: number;
  /** Letters, digits, `_`, `-`, `.` of any script; compared without case. */
  username: string;
  /** Shown name. */
  nickname: string;
  role: SystemRole;
}

export interface Person {
  /** User id. */
  id: number;
  /** Letters, digits, `_`, `-`, `.` of any script; compared without case. */
  username: string;
  /** Shown name. */
  nickname: string;
}

export interface GroupMessage {
  /** Group id. */
  groupId: number;
  /** UUID, version 7. */
  id: string;
  /** Place in the conversation: 1, 2, 3 … without a hole. */
  seq: number;
  /** User id. */
  from: number;
  /** Empty where it was recalled and in a notice, unless it is an official one. */
  content: string;
  kind: MessageKind;
  /** ISO 8601, UTC, milliseconds. */
  createTime: string;
  /** The sender's own id of a message: 1 to 64 printable ASCII characters without space. */
  clientId?: string;
  notice?: Notice;
  recalled?: true;
}

export interface PrivateMessage {
  /** User id. */
  to: number;
  /** UUID, version 7. */
  id: string;
  /** Place in the conversation: 1, 2, 3 … without a hole. */
  seq: number;
  /** User id. */
  from: number;
  /** Empty where it was recalled and in a notice, unless it is an official one. */
  content: string;
  kind: MessageKind;
  /** ISO 8601, UTC, milliseconds. */
  createTime: string;
  /** The sender's own id of a message: 1 to 64 printable ASCII characters without space. */
  clientId?: string;
  notice?: Notice;
  recalled?: true;
}

export interface GroupSummary {
  /** Group id. */
  id: number;
  /** Group number: 10000 is the official group, others count from 88888888. */
  groupNumber: number;
  /** Name of a group. */
  groupName: string;
  state: GroupState;
  rights: MemberRights;
  /** A `seq`, or 0 before the first. */
  lastSeq: number;
  /** A `seq`, or 0 before the first. */
  readSeq: number;
}

export interface GroupWhole {
  /** Group id. */
  id: number;
  /** Group number: 10000 is the official group, others count from 88888888. */
  groupNumber: number;
  /** Name of a group. */
  groupName: string;
  state: GroupState;
  /** Announcement of a group; may be empty. */
  announcement: string;
  joinPolicy: JoinPolicy;
  memberCount: number;
  rights?: MemberRights;
  /** A `seq`, or 0 before the first. */
  lastSeq?: number;
  /** A `seq`, or 0 before the first. */
  readSeq?: number;
  /** ISO 8601, UTC, milliseconds. */
  mutedUntil?: string;
}

export interface FoundGroup {
  /** Group id. */
  id: number;
  /** Group number: 10000 is the official group, others count from 88888888. */
  groupNumber: number;
  /** Name of a group. */
  groupName: string;
  joinPolicy: JoinPolicy;
  memberCount: number;
}

export interface Member {
  /** User id. */
  userId: number;
  /** Letters, digits, `_`, `-`, `.` of any script; compared without case. */
  username: string;
  /** Shown name. */
  nickname: string;
  rights: MemberRights;
  /** ISO 8601, UTC, milliseconds. */
  mutedUntil?: string;
  online: boolean;
  /** ISO 8601, UTC, milliseconds. */
  lastOnlineTime?: string;
}

export interface ConversationSummary {
  /** User id. */
  userId: number;
  /** Letters, digits, `_`, `-`, `.` of any script; compared without case. */
  username: string;
  /** Shown name. */
  nickname: string;
  /** A `seq`, or 0 before the first. */
  lastSeq: number;
  /** A `seq`, or 0 before the first. */
  readSeq: number;
  /** How far the other one has read. */
  peerReadSeq?: number;
}

export interface Stored {
  /** UUID, version 7. */
  id: string;
  /** Place in the conversation: 1, 2, 3 … without a hole. */
  seq: number;
  /** ISO 8601, UTC, milliseconds. */
  createTime: string;
  duplicate?: true;
}

/** What a client may ask: the fields of each frame without `type` and `ref`, and those of its answer. */
export interface ClientFrames {
  /** I am here. The answer lists conversations whose newest seq moved since the last one told. */
  heartbeat: {
    fields: Record<string, never>;
    reply: {
      time: string;
      heads?: {
        groups: Record<string, number>;
        users: Record<string, number>;
      };
    };
  };
  /** Log in on this connection: the first frame, within 10 s. A token, or username and password. */
  init: {
    fields: {
      token?: string | undefined;
      /** Letters, digits, `_`, `-`, `.` of any script; compared without case. */
      username?: string | undefined;
      password?: string | undefined;
      /** Group id. */
      groupId?: number | undefined;
    };
    reply: {
      user: User;
      connectionId: string;
      heartbeatIntervalMs: number;
      heartbeatTimeoutMs: number;
      groups: GroupSummary[];
      conversations: ConversationSummary[];
      moreConversations?: true;
      unavailable?: ('groups' | 'conversations')[];
    };
  };
  /** Say something in a group. The ack means: committed in the database and published. */
  groupMessage: {
    fields: {
      /** Group id. */
      groupId?: number | undefined;
      /** What was written; comes back exactly as it was sent. */
      content: string;
      /** The sender's own id of a message: 1 to 64 printable ASCII characters without space. */
      clientId?: string | undefined;
    };
    reply: {
      /** UUID, version 7. */
      id: string;
      /** Place in the conversation: 1, 2, 3 … without a hole. */
      seq: number;
      /** ISO 8601, UTC, milliseconds. */
      createTime: string;
      duplicate?: true;
    };
  };
  /** A page of a conversation, ascending by seq; the newest by default. Cursors are exclusive. */
  history: {
    fields: {
      /** Group id. */
      groupId?: number | undefined;
      /** User id. */
      with?: number | undefined;
      /** Place in the conversation: 1, 2, 3 … without a hole. */
      beforeSeq?: number | undefined;
      /** A `seq`, or 0 before the first. */
      afterSeq?: number | undefined;
      limit?: number | undefined;
    };
    reply: {
      messages: (GroupMessage | PrivateMessage)[];
      more: boolean;
    };
  };
  /** Everything up to seq is read. Only forward, never past the newest. */
  markRead: {
    fields: {
      /** Group id. */
      groupId?: number | undefined;
      /** User id. */
      with?: number | undefined;
      /** Place in the conversation: 1, 2, 3 … without a hole. */
      seq: number;
    };
    reply: {
      /** A `seq`, or 0 before the first. */
      readSeq: number;
    };
  };
  /** Say something to one person. */
  privateMessage: {
    fields: {
      /** User id. */
      to: number;
      /** What was written; comes back exactly as it was sent. */
      content: string;
      /** The sender's own id of a message: 1 to 64 printable ASCII characters without space. */
      clientId?: string | undefined;
    };
    reply: {
      /** UUID, version 7. */
      id: string;
      /** Place in the conversation: 1, 2, 3 … without a hole. */
      seq: number;
      /** ISO 8601, UTC, milliseconds. */
      createTime: string;
      duplicate?: true;
    };
  };
  /** Take back a message: an own one within 2 minutes, any one as admin or owner of the group. The ack has the seq of the notice. */
  recallMessage: {
    fields: {
      /** Group id. */
      groupId?: number | undefined;
      /** User id. */
      with?: number | undefined;
      /** Place in the conversation: 1, 2, 3 … without a hole. */
      seq: number;
    };
    reply: {
      /** Place in the conversation: 1, 2, 3 … without a hole. */
      seq: number;
    };
  };
  /** Messages that hold a text, newest first, case ignored. May end early with `more`; go on from `beforeSeq`. */
  search: {
    fields: {
      /** Group id. */
      groupId?: number | undefined;
      /** User id. */
      with?: number | undefined;
      /** What to look for. */
      text: string;
      /** Place in the conversation: 1, 2, 3 … without a hole. */
      beforeSeq?: number | undefined;
      limit?: number | undefined;
    };
    reply: {
      messages: (GroupMessage | PrivateMessage)[];
      more: boolean;
      /** Place in the conversation: 1, 2, 3 … without a hole. */
      beforeSeq?: number;
    };
  };
  /** Tell the others that one is writing. Never stored, never acked, passed on at most once a second. */
  typing: {
    fields: {
      /** Group id. */
      groupId?: number | undefined;
      /** User id. */
      with?: number | undefined;
    };
    reply: Record<string, never>;
  };
  /** Accept or refuse one who asks to join. Owner and admins. */
  answerJoinRequest: {
    fields: {
      /** Group id. */
      groupId: number;
      /** User id. */
      userId: number;
      accept: boolean;
    };
    reply: Record<string, never>;
  };
  /** Put somebody out for good. */
  banMember: {
    fields: {
      /** Group id. */
      groupId: number;
      /** User id. */
      userId: number;
    };
    reply: Record<string, never>;
  };
  /** Make a group; the caller is its owner. */
  createGroup: {
    fields: {
      /** Name of a group. */
      groupName: string;
      joinPolicy?: JoinPolicy | undefined;
    };
    reply: {
      /** Group id. */
      groupId: number;
      /** Group number: 10000 is the official group, others count from 88888888. */
      groupNumber: number;
    };
  };
  /** End the group. Members can still read. Owner only. */
  dissolveGroup: {
    fields: {
      /** Group id. */
      groupId: number;
    };
    reply: Record<string, never>;
  };
  /** Groups by number or by a part of the name, at most 20; never `invite` groups by text. */
  findGroup: {
    fields: {
      /** Group number: 10000 is the official group, others count from 88888888. */
      groupNumber?: number | undefined;
      /** A part of the name. */
      text?: string | undefined;
    };
    reply: {
      groups: FoundGroup[];
    };
  };
  /** The whole of a group. Members. */
  groupInfo: {
    fields: {
      /** Group id. */
      groupId: number;
    };
    reply: {
      group: GroupWhole;
    };
  };
  /** Make somebody a member at once. Owner, admins; in open groups any member. */
  inviteMember: {
    fields: {
      /** Group id. */
      groupId: number;
      /** User id. */
      userId: number;
    };
    reply: Record<string, never>;
  };
  /** Become a member, or ask for it where the group wants approval. Already in: `joined` again, nothing happens. */
  joinGroup: {
    fields: {
      /** Group id. */
      groupId?: number | undefined;
      /** Group number: 10000 is the official group, others count from 88888888. */
      groupNumber?: number | undefined;
    };
    reply: {
      /** Group id. */
      groupId: number;
      status: 'joined' | 'requested';
    };
  };
  /** Leave. The owner must transfer or dissolve first. */
  leaveGroup: {
    fields: {
      /** Group id. */
      groupId: number;
    };
    reply: Record<string, never>;
  };
  /** The caller's groups, as in `ready`. */
  listGroups: {
    fields: Record<string, never>;
    reply: {
      groups: GroupSummary[];
    };
  };
  /** Who asks to join, oldest first. Owner and admins. */
  listJoinRequests: {
    fields: {
      /** Group id. */
      groupId: number;
    };
    reply: {
      requests: {
        /** User id. */
        userId: number;
        /** Letters, digits, `_`, `-`, `.` of any script; compared without case. */
        username: string;
        /** Shown name. */
        nickname: string;
      }[];
    };
  };
  /** Members by user id. Members of the group may ask. */
  listMembers: {
    fields: {
      /** Group id. */
      groupId: number;
      /** The last user id of the page before. */
      after?: number | undefined;
      limit?: number | undefined;
    };
    reply: {
      members: Member[];
      more: boolean;
    };
  };
  /** Nobody hears a muted member for so many seconds; 0 ends it. */
  muteMember: {
    fields: {
      /** Group id. */
      groupId: number;
      /** User id. */
      userId: number;
      seconds: number;
    };
    reply: Record<string, never>;
  };
  /** Put a member out. The owner over all, an admin over members. */
  removeMember: {
    fields: {
      /** Group id. */
      groupId: number;
      /** User id. */
      userId: number;
    };
    reply: Record<string, never>;
  };
  /** Say who may speak. Owner and admins. */
  setGroupState: {
    fields: {
      /** Group id. */
      groupId: number;
      state: 'normal' | 'muted' | 'adminsOnly';
    };
    reply: Record<string, never>;
  };
  /** Make a member an admin, or an admin a member. Owner only. */
  setRights: {
    fields: {
      /** Group id. */
      groupId: number;
      /** User id. */
      userId: number;
      rights: 'member' | 'admin';
    };
    reply: Record<string, never>;
  };
  /** Hand the group over; the old owner becomes admin. Owner only. */
  transferOwner: {
    fields: {
      /** Group id. */
      groupId: number;
      /** User id. */
      userId: number;
    };
    reply: Record<string, never>;
  };
  /** Let a banned one join again. */
  unbanMember: {
    fields: {
      /** Group id. */
      groupId: number;
      /** User id. */
      userId: number;
    };
    reply: Record<string, never>;
  };
  /** Change name, announcement or join policy. Owner and admins. */
  updateGroup: {
    fields: {
      /** Group id. */
      groupId: number;
      /** Name of a group. */
      groupName?: string | undefined;
      /** Announcement of a group; may be empty. */
      announcement?: string | undefined;
      joinPolicy?: JoinPolicy | undefined;
    };
    reply: Record<string, never>;
  };
  /** Hear nothing more from somebody in private. */
  blockUser: {
    fields: {
      /** User id. */
      userId: number;
    };
    reply: Record<string, never>;
  };
  /** A user by the exact name, case ignored. */
  findUser: {
    fields: {
      /** Letters, digits, `_`, `-`, `.` of any script; compared without case. */
      username: string;
    };
    reply: {
      users: Person[];
    };
  };
  /** Whom the caller blocks. */
  listBlocked: {
    fields: Record<string, never>;
    reply: {
      users: Person[];
    };
  };
  /** Private conversations, the one with the newest message first. `before`: the user id that the page before ended with. */
  listConversations: {
    fields: {
      /** User id. */
      before?: number | undefined;
      limit?: number | undefined;
    };
    reply: {
      conversations: ConversationSummary[];
      more: boolean;
    };
  };
  /** Which of these users are online. */
  presence: {
    fields: {
      userIds: number[];
    };
    reply: {
      online: number[];
    };
  };
  /** Take a block back. */
  unblockUser: {
    fields: {
      /** User id. */
      userId: number;
    };
    reply: Record<string, never>;
  };
}

/** What the server sends. */
export interface ServerFrames {
  /** Logged in. */
  ready: {
    type: 'ready';
    /** Comes back in the answer. */
    ref?: string;
    user: User;
    connectionId: string;
    heartbeatIntervalMs: number;
    heartbeatTimeoutMs: number;
    groups: GroupSummary[];
    conversations: ConversationSummary[];
    moreConversations?: true;
    unavailable?: ('groups' | 'conversations')[];
  };
  /** Answer to `heartbeat`. */
  heartbeat: {
    type: 'heartbeat';
    /** Comes back in the answer. */
    ref?: string;
    time: string;
    heads?: {
      groups: Record<string, number>;
      users: Record<string, number>;
    };
  };
  /** The frame with this ref was carried out; its other fields are those of the frame asked. */
  ack: {
    type: 'ack';
    /** Comes back in the answer. */
    ref?: string;
  };
  /** The frame with this ref was refused. */
  error: {
    type: 'error';
    /** Comes back in the answer. */
    ref?: string;
    code: ErrorCode;
    message: string;
    retryable: boolean;
    retryAfterMs?: number;
  };
  /** A message of a group one is in. */
  groupMessage: {
    type: 'groupMessage';
    /** Group id. */
    groupId: number;
    /** UUID, version 7. */
    id: string;
    /** Place in the conversation: 1, 2, 3 … without a hole. */
    seq: number;
    /** User id. */
    from: number;
    /** Empty where it was recalled and in a notice, unless it is an official one. */
    content: string;
    kind: MessageKind;
    /** ISO 8601, UTC, milliseconds. */
    createTime: string;
    /** The sender's own id of a message: 1 to 64 printable ASCII characters without space. */
    clientId?: string;
    notice?: Notice;
    recalled?: true;
  };
  /** A private message to or from oneself. */
  privateMessage: {
    type: 'privateMessage';
    /** User id. */
    to: number;
    /** UUID, version 7. */
    id: string;
    /** Place in the conversation: 1, 2, 3 … without a hole. */
    seq: number;
    /** User id. */
    from: number;
    /** Empty where it was recalled and in a notice, unless it is an official one. */
    content: string;
    kind: MessageKind;
    /** ISO 8601, UTC, milliseconds. */
    createTime: string;
    /** The sender's own id of a message: 1 to 64 printable ASCII characters without space. */
    clientId?: string;
    notice?: Notice;
    recalled?: true;
  };
  /** The groups that `ready` could not tell. */
  groups: {
    type: 'groups';
    groups: GroupSummary[];
  };
  /** The conversations that `ready` could not tell. */
  conversations: {
    type: 'conversations';
    conversations: ConversationSummary[];
    moreConversations?: true;
  };
  /** The new whole of a group. */
  groupChanged: {
    type: 'groupChanged';
    group: GroupWhole;
  };
  /** Somebody has read up to seq. */
  readMarker: {
    type: 'readMarker';
    /** Group id. */
    groupId?: number;
    /** User id. */
    with?: number;
    /** User id. */
    userId: number;
    /** A `seq`, or 0 before the first. */
    seq: number;
  };
  /** Somebody is writing. */
  typing: {
    type: 'typing';
    /** Group id. */
    groupId?: number;
    /** User id. */
    with?: number;
    /** User id. */
    userId: number;
  };
  /** Somebody asks to join a group one administers. */
  joinRequest: {
    type: 'joinRequest';
    /** Group id. */
    groupId: number;
    user: Person;
  };
  /** One was accepted or refused. */
  joinAnswer: {
    type: 'joinAnswer';
    /** Group id. */
    groupId: number;
    accepted: boolean;
  };
  /** Somebody came or went. */
  presence: {
    type: 'presence';
    /** User id. */
    userId: number;
    online: boolean;
    /** ISO 8601, UTC, milliseconds. */
    lastOnlineTime?: string;
  };
  /** Too much was missed to be told here: ask `history` afterSeq what one holds, up to seq. */
  catchUp: {
    type: 'catchUp';
    /** Group id. */
    groupId?: number;
    /** User id. */
    with?: number;
    /** Place in the conversation: 1, 2, 3 … without a hole. */
    seq: number;
  };
  /** The server closes this connection; come back after a random delay. */
  goodbye: {
    type: 'goodbye';
    reconnectWithinMs: number;
  };
}

/** Error codes: whether the same request may succeed later, and what to say where the server says nothing. */
export const errorCatalogue: Record<ErrorCode, { readonly retryable: boolean; readonly sentence: string }> = {
  BAD_REQUEST: { retryable: false, sentence: 'The request does not have the shape that the protocol asks for.' },
  UNAUTHENTICATED: { retryable: false, sentence: 'Log in first.' },
  BAD_CREDENTIALS: { retryable: false, sentence: 'The username or the password is wrong.' },
  FORBIDDEN: { retryable: false, sentence: 'Your rights do not allow this.' },
  NOT_FOUND: { retryable: false, sentence: 'There is no such thing, or you may not know of it.' },
  CONFLICT: { retryable: false, sentence: 'This conflicts with what is already there.' },
  NOT_A_MEMBER: { retryable: false, sentence: 'You are not a member of this group.' },
  GROUP_DISSOLVED: { retryable: false, sentence: 'The group is dissolved.' },
  GROUP_MUTED: { retryable: false, sentence: 'The group does not let you speak at present.' },
  MEMBER_MUTED: { retryable: false, sentence: 'You are muted in this group.' },
  NO_COMMON_GROUP: { retryable: false, sentence: 'You share no group with this user.' },
  BLOCKED: { retryable: false, sentence: 'One of you has blocked the other.' },
  RATE_LIMITED: { retryable: true, sentence: 'Too many requests; slow down.' },
  UNAVAILABLE: { retryable: true, sentence: 'The service is not available at present.' },
  INTERNAL: { retryable: false, sentence: 'Something went wrong on our side.' },
};

/** Close codes, and when to come back: `yes` with backoff, `later` after a pause, `login` with a fresh login, `no` never. */
export const comeBackAfter: Readonly<Record<number, 'yes' | 'later' | 'login' | 'no' | undefined>> = {
  1001: 'yes',
  1003: 'no',
  1007: 'no',
  1009: 'no',
  1012: 'yes',
  1013: 'yes',
  4400: 'no',
  4401: 'login',
  4408: 'yes',
  4429: 'later',
  4508: 'yes',
};
