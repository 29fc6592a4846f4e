import type { GroupState, MemberRights, Outgoing, Place, ReceivedMessage } from '@teahouse/client';

/** A user as this page knows them. */
export interface Person {
  readonly id: number;
  readonly nickname: string;
  readonly username?: string;
  readonly online?: boolean;
  readonly lastOnlineTime?: string | undefined;
}

/** A conversation in the list. Its `key` is the client's `keyOf(place)`. */
export interface Chat {
  readonly key: string;
  readonly place: Place;
  /** Of a group; a private chat has the name of its person. */
  name: string;
  lastSeq: number;
  readSeq: number;
  /** Newest message known here, for the list. */
  last: ReceivedMessage | undefined;
  /** Of a group: what one is there, and who may speak. */
  rights: MemberRights;
  state: GroupState;
  mutedUntil: string | undefined;
}

/** A line of the list of messages. */
export type Row = ReceivedMessage | Outgoing;

export function isOutgoing(row: Row): row is Outgoing {
  return 'since' in row;
}
