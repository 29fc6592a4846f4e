import type { ChatError } from './errors.js';
import type { ReadyFrame, ReceivedGroupMessage, ReceivedPrivateMessage, ServerFrame } from './frames.js';
import type { Outgoing } from './outgoing.js';

/** `waiting`: between two attempts to connect. `closed` is final. */
export type ConnectionState = 'idle' | 'connecting' | 'ready' | 'waiting' | 'closed';

/** What a client tells. Messages come once and in order in their conversation, those sent here included (`sentHere`). */
export interface ChatEvents {
  state: ConnectionState;
  /** After each login: the whole lists, and what `unavailable` names to follow in `groups` or `conversations`. */
  ready: ReadyFrame;
  /** A message of one's own was handed over, sent, refused or discarded: how it stands now. */
  outgoing: Outgoing;
  /** So many messages are known of and still being read from history; 0 says that everything was caught up with. */
  behind: number;
  /** A connection ended or failed with this close code; the next attempt follows after `delayMs`. */
  waiting: { readonly code: number; readonly delayMs: number };
  groupMessage: ReceivedGroupMessage;
  privateMessage: ReceivedPrivateMessage;
  groups: ServerFrame<'groups'>;
  conversations: ServerFrame<'conversations'>;
  groupChanged: ServerFrame<'groupChanged'>;
  readMarker: ServerFrame<'readMarker'>;
  typing: ServerFrame<'typing'>;
  joinRequest: ServerFrame<'joinRequest'>;
  joinAnswer: ServerFrame<'joinAnswer'>;
  presence: ServerFrame<'presence'>;
  /** The end; `error` says why unless `close` was called. */
  closed: { readonly error?: ChatError };
  /** What a listener threw, and what could not be caught up with. Without a listener it goes to the console. */
  error: unknown;
}
