import type { Bus, RequestContext } from '@teahouse/bus';
import type { CallReply, CallRequest, groupCalls } from '@teahouse/contracts';
import type { Draft, MessageLog } from '@teahouse/message-log';
import type { Log } from '@teahouse/service-kit';
import type { Database } from '@teahouse/service-kit/database';
import type { Memberships } from './memberships.js';
import type { People } from './people.js';
import type { Turns } from './turns.js';

/** What the verbs work with. */
export interface Service {
  readonly bus: Bus;
  readonly database: Database;
  readonly log: Log;
  readonly messages: MessageLog<Draft>;
  readonly people: People;
  readonly memberships: Memberships;
  readonly turns: Turns;
  readonly maxGroupsPerUser: number;
}

type Calls = typeof groupCalls;
export type CallName = keyof Calls;
export type Ask<Name extends CallName> = CallRequest<Calls[Name]>;
export type Answer<Name extends CallName> = CallReply<Calls[Name]>;

/** Answers one call: knows the rules and neither NATS nor JSON. Throws a TeahouseError to refuse. */
export type Verb<Name extends CallName> = (
  service: Service,
  request: Ask<Name>,
  context: RequestContext,
) => Promise<Answer<Name>>;
