import type { Place } from '../message.js';
import type { Witness } from '../witness.js';

/** Somebody who chats through one client and tells what it hears. */
export interface Person {
  readonly userId: number;
  readonly witness: Witness;
  /** Logged in at this moment. */
  readonly online: boolean;
  /** How often the connection was lost so far. */
  readonly losses: number;
  /** Begins to send; what becomes of it shows in the ledger. */
  say(place: Place): void;
  /** Drops the connection and makes a new one. */
  move(): void;
  /** The network is back. */
  wake(): void;
  leave(): void;
}
