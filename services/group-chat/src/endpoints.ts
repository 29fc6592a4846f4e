import { type ServeOptions, type Subscription, serveCall } from '@teahouse/bus';
import { groupCalls, queueGroups } from '@teahouse/contracts';
import { audit, officialNotice } from './admin.js';
import { catchUp } from './catch-ups.js';
import { createGroup, dissolveGroup, findGroup, groupInfo, setGroupState, updateGroup, whole } from './groups.js';
import { inviteMember, joinGroup, leaveGroup, listMembers } from './members.js';
import { append, heads, history, markRead, repair, search, typing } from './messages.js';
import { banMember, muteMember, removeMember, setRights, transferOwner, unbanMember } from './moderation.js';
import { recallMessage } from './recall.js';
import { answerJoinRequest, listJoinRequests } from './requests.js';
import type { CallName, Service, Verb } from './service.js';
import { listGroups, sessions } from './session.js';

/** Every call that the service answers, and who answers it. */
const verbs: { readonly [Name in CallName]: Verb<Name> } = {
  append,
  sessions,
  repair,
  heads,
  whole,
  history,
  catchUp,
  markRead,
  recallMessage,
  typing,
  search,
  createGroup,
  findGroup,
  joinGroup,
  listJoinRequests,
  answerJoinRequest,
  inviteMember,
  leaveGroup,
  removeMember,
  banMember,
  unbanMember,
  muteMember,
  setRights,
  transferOwner,
  setGroupState,
  updateGroup,
  dissolveGroup,
  listGroups,
  groupInfo,
  listMembers,
  officialNotice,
  audit,
};

/** Calls that differ from the bus's usual bounds: appends only wait for their lane; searches and finds read much. */
const bounds: { readonly [Name in CallName]?: ServeOptions } = {
  append: { concurrency: 1024, pending: 1024 },
  search: { concurrency: 4, pending: 64 },
  findGroup: { concurrency: 4, pending: 256 },
  audit: { concurrency: 4, pending: 64 },
};

/** Serves all calls. What a verb throws that is no refusal is logged, and the caller hears INTERNAL. */
export function serveAll(service: Service): Subscription[] {
  const serve = <Name extends CallName>(name: Name) =>
    serveCall(
      service.bus,
      groupCalls[name],
      queueGroups.group,
      (request, context) => (verbs[name] as Verb<Name>)(service, request as never, context) as never,
      { ...bounds[name], onError: (error) => service.log.error({ err: error, call: name }, 'a call failed') },
    );
  return (Object.keys(verbs) as CallName[]).map((name) => serve(name));
}
