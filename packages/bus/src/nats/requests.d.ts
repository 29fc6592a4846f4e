import { TeahouseError } from '@teahouse/contracts';
import { type Msg } from 'nats';
import type { Incoming } from '../serving.js';
import type { Link } from './link.js';
/** Requests under way and the one inbox in which all their answers arrive. */
export declare class Requests {
  #private;
  constructor(link: Link, inbox: string);
  request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
}
/** A request that arrived. An answer while disconnected is dropped: who asked has already been told. */
export declare class NatsIncoming implements Incoming {
  #private;
  readonly deadline: number;
  constructor(msg: Msg, reply: string, link: Link);
  get subject(): string;
  get payload(): Uint8Array;
  answer(payload: Uint8Array): void;
  refuse(error: TeahouseError): void;
}
