import type { ClientFrames, GroupMessage, PrivateMessage, ServerFrames, Stored } from './protocol.js';

/** A frame that the server sends, by its type. */
export type ServerFrame<T extends keyof ServerFrames> = ServerFrames[T];
export type ReadyFrame = ServerFrames['ready'];

/** Requests that the application may make; the others are the client's own business, or have a method. */
export type RequestType = Exclude<
  keyof ClientFrames,
  'init' | 'heartbeat' | 'groupMessage' | 'privateMessage' | 'typing'
>;
export type Fields<T extends keyof ClientFrames> = ClientFrames[T]['fields'];
export type Reply<T extends keyof ClientFrames> = ClientFrames[T]['reply'];
/** The ack of a message: `{id, seq, createTime, duplicate?}`. */
export type { Stored };

/** `sentHere`: this client sent it, so its user has seen it already. */
export interface ReceivedGroupMessage extends GroupMessage {
  type: 'groupMessage';
  sentHere?: true;
}
export interface ReceivedPrivateMessage extends PrivateMessage {
  type: 'privateMessage';
  sentHere?: true;
}
export type ReceivedMessage = ReceivedGroupMessage | ReceivedPrivateMessage;

/** A conversation: a group, or the other person. */
export type Place = { readonly groupId: number } | { readonly with: number };

export function keyOf(place: Place): string {
  return 'groupId' in place ? `g${place.groupId}` : `u${place.with}`;
}

/** Where a message belongs, seen by the user `me`. */
export function placeOf(message: { groupId: number } | { from: number; to: number }, me: number): Place {
  if ('groupId' in message) return { groupId: message.groupId };
  return { with: message.from === me ? message.to : message.from };
}

/** A message as history tells it, in the shape in which it is delivered. */
export function receivedFrom(message: GroupMessage | PrivateMessage): ReceivedMessage {
  return 'groupId' in message ? { ...message, type: 'groupMessage' } : { ...message, type: 'privateMessage' };
}
