import { type Bus, type Subscription, serveCall } from '@teahouse/bus';
import { authCalls, queueGroups, subjects } from '@teahouse/contracts';
import type { Accounts } from './accounts.js';
import type { Administration } from './admin.js';
import type { Logins } from './logins.js';
import type { SeenWriter } from './seen.js';

/** Administration is rare, and all its acts lock the same rows: it leaves the connections to the logins. */
const fewAtOnce = { concurrency: 4, pending: 64 };

/** Everything that others may ask of auth or tell it. One instance answers. */
export function serveAuth(
  bus: Bus,
  verbs: { accounts: Accounts; logins: Logins; administration: Administration; seen: SeenWriter },
): Subscription[] {
  const { accounts, logins, administration, seen } = verbs;
  const group = queueGroups.auth;
  return [
    serveCall(bus, authCalls.register, group, (request, { deadline }) => accounts.register(request, deadline)),
    serveCall(bus, authCalls.login, group, (request, { deadline }) => accounts.login(request, deadline)),
    serveCall(bus, authCalls.changePassword, group, (request, { deadline }) =>
      accounts.changePassword(request, deadline),
    ),
    serveCall(bus, authCalls.me, group, (request) => accounts.me(request)),
    serveCall(bus, authCalls.updateMe, group, (request) => accounts.updateMe(request)),
    serveCall(bus, authCalls.findUser, group, (request) => accounts.findUser(request)),
    serveCall(bus, authCalls.lastOnline, group, (request) => accounts.lastOnline(request)),
    serveCall(bus, authCalls.refresh, group, (request) => logins.refresh(request)),
    serveCall(bus, authCalls.confirm, group, (request) => logins.confirm(request)),
    serveCall(bus, authCalls.logout, group, (request) => logins.logout(request)),
    serveCall(bus, authCalls.listAccounts, group, (request) => administration.listAccounts(request), fewAtOnce),
    serveCall(bus, authCalls.setDisabled, group, (request) => administration.setDisabled(request), fewAtOnce),
    serveCall(bus, authCalls.audit, group, (request) => administration.audit(request), fewAtOnce),
    serveCall(
      bus,
      authCalls.resetPassword,
      group,
      (request, { deadline }) => administration.resetPassword(request, deadline),
      fewAtOnce,
    ),
    bus.subscribe(subjects.seen, (payload) => seen.hear(payload), { queue: group }),
  ];
}
