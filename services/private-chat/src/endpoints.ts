import { type ServeOptions, type Subscription, serveCall } from '@teahouse/bus';
import { privateCalls, queueGroups } from '@teahouse/contracts';
import { blockUser, listBlocked, unblockUser } from './blocks.js';
import { listConversations, moved, sessions } from './conversations.js';
import { append, history, markRead, recallMessage, repair, search, typing } from './messages.js';
import type { CallName, Service, Verb } from './service.js';

/** Every call that the service answers, and who answers it. */
const verbs: { readonly [Name in CallName]: Verb<Name> } = {
  append,
  sessions,
  repair,
  moved,
  history,
  markRead,
  recallMessage,
  typing,
  search,
  listConversations,
  blockUser,
  unblockUser,
  listBlocked,
};

/** Calls that differ from the bus's usual bounds: appends only wait for their lane; a search reads much. */
const bounds: { readonly [Name in CallName]?: ServeOptions } = {
  append: { concurrency: 1024, pending: 1024 },
  search: { concurrency: 4, pending: 64 },
};

export function serveAll(service: Service): Subscription[] {
  const serve = <Name extends CallName>(name: Name) =>
    serveCall(
      service.bus,
      privateCalls[name],
      queueGroups.private,
      (request, context) => (verbs[name] as Verb<Name>)(service, request as never, context) as never,
      bounds[name],
    );
  return (Object.keys(verbs) as CallName[]).map((name) => serve(name));
}
