import type { Bus, RequestContext } from '@teahouse/bus';
import type { CallReply, CallRequest, privateCalls } from '@teahouse/contracts';
import type { MessageLog } from '@teahouse/message-log';
import type { Log } from '@teahouse/service-kit';
import type { Database } from '@teahouse/service-kit/database';
import type { Openings } from './openings.js';
import type { People } from './people.js';
import type { PrivateDraft } from './sending.js';
import type { Store } from './store.js';

/** What the verbs work with. */
export interface Service {
  readonly bus: Bus;
  readonly database: Database;
  readonly log: Log;
  readonly messages: MessageLog<PrivateDraft>;
  readonly store: Store;
  readonly people: People;
  readonly openings: Openings;
}

type Calls = typeof privateCalls;
export type CallName = keyof Calls;
export type Ask<Name extends CallName> = CallRequest<Calls[Name]>;
export type Answer<Name extends CallName> = CallReply<Calls[Name]>;

/** Answers one call: knows the rules and neither NATS nor JSON. Throws a TeahouseError to refuse. */
export type Verb<Name extends CallName> = (
  service: Service,
  request: Ask<Name>,
  context: RequestContext,
) => Promise<Answer<Name>>;
