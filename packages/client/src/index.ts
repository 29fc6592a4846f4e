export { ChatClient, type ChatClientOptions } from './client.js';
export type { Credentials } from './credentials.js';
export { ChatError, type ChatErrorCode } from './errors.js';
export type { ChatEvents, ConnectionState } from './events.js';
export type { Feed, FeedOptions } from './feed.js';
export type {
  Fields,
  Place,
  ReadyFrame,
  ReceivedGroupMessage,
  ReceivedMessage,
  ReceivedPrivateMessage,
  Reply,
  RequestType,
  ServerFrame,
  Stored,
} from './frames.js';
export { keyOf, placeOf } from './frames.js';
export { indexedDbStore } from './indexeddb-store.js';
export { memoryStore } from './memory-store.js';
export type { Page } from './operations.js';
export type { Outgoing, OutgoingState, SendOptions } from './outgoing.js';
export type {
  ConversationSummary,
  ErrorCode,
  FoundGroup,
  GroupMessage,
  GroupState,
  GroupSummary,
  GroupWhole,
  JoinPolicy,
  Member,
  MemberRights,
  MessageKind,
  Notice,
  NoticeEvent,
  Person,
  PrivateMessage,
  SystemRole,
  User,
} from './protocol.js';
export { Session, type SessionState } from './session.js';
export type { WaitOptions } from './signals.js';
export type { ChatStore, KeptOutgoing, UserStore } from './store.js';
export type { OpenSocket, SocketLike } from './transport.js';
export { createUserConnect, type Receiver, type UserConnect, type UserInfo } from './user-connect.js';
