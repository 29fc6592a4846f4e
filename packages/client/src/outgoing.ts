import type { ChatError } from './errors.js';
import type { Place, ReceivedMessage, Stored } from './frames.js';

/**
 * `sending`: on its way, or waiting for a connection. `sent`: stored, and of no more concern. `failed`: refused, and kept
 * until it is tried again or discarded. `discarded`: let go of.
 */
export type OutgoingState = 'sending' | 'sent' | 'failed' | 'discarded';

/** A message of one's own on its way, as it stands now: each change makes a new one. */
export interface Outgoing {
  readonly clientId: string;
  readonly place: Place;
  readonly content: string;
  /** Unix milliseconds when it was handed over. */
  readonly since: number;
  readonly state: OutgoingState;
  /** Why it failed. */
  readonly error?: ChatError;
  /** The ack, once it is sent. */
  readonly stored?: Stored;
}

export interface SendOptions {
  /** 1 to 64 printable ASCII characters; random unless told. */
  readonly clientId?: string | undefined;
  /** Ends the wait; the message is discarded if it was never on a wire, and goes its way otherwise. */
  readonly signal?: AbortSignal | undefined;
}

/** The frame that sends a message. */
export function sendFrame({ place, content, clientId }: Outgoing) {
  if ('groupId' in place) return { type: 'groupMessage', groupId: place.groupId, content, clientId };
  return { type: 'privateMessage', to: place.with, content, clientId };
}

/** What the others got of a message that was acknowledged: who sent it gets the ack instead, and hears of it like this. */
export function ownMessage(message: Outgoing, { id, seq, createTime }: Stored, me: number): ReceivedMessage {
  const told = { ...sendFrame(message), id, seq, from: me, kind: 'normal', createTime, sentHere: true };
  return told as ReceivedMessage;
}
