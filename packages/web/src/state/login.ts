import {
  ChatClient,
  ChatError,
  type Fields,
  indexedDbStore,
  type Reply,
  type RequestType,
  Session,
  type SessionState,
  type User,
} from '@teahouse/client';
import { reactive } from 'vue';
import { belongTo, drop, inTurn, keep, kept, lastUser } from './keeper';

/** Who is logged in. `user` is known from the start of a kept login on, before there is a connection. */
export const login = reactive<{ user: User | undefined; ended: unknown }>({ user: undefined, ended: undefined });

const server = location.origin;
/** What was not sent yet is sent after the page was loaded again. */
const store = indexedDbStore();
/** As long as timers go: a page waits for its server until it is closed. */
const forEver = 2 ** 31 - 1;
/** A token is renewed so long before its end, unless the login says when. */
const marginMs = 60_000;
/** So long after a renewal that failed the next is tried. */
const shortestPauseMs = 10_000;

let client: ChatClient | undefined;
let session: Session | undefined;
let held: SessionState | undefined;
let renewal: ReturnType<typeof setTimeout> | undefined;

type Wiring = (client: ChatClient) => void;
const wirings: Wiring[] = [];
const resets: (() => void)[] = [];

/** Registers what listens to each new client. */
export function onClient(wiring: Wiring): void {
  wirings.push(wiring);
}

/** Registers what is forgotten when a user goes. */
export function onLeave(reset: () => void): void {
  resets.push(reset);
}

/** The client of the user who is logged in. @throws ChatError CLOSED where nobody is */
export function theClient(): ChatClient {
  if (!client) throw new ChatError('CLOSED');
  return client;
}

export async function ask<T extends RequestType>(type: T, fields: Fields<T>): Promise<Reply<T>> {
  return await theClient().request(type, fields);
}

export async function enter(
  how: 'login' | 'register',
  body: { username: string; password: string; nickname?: string },
  lasting: boolean,
): Promise<void> {
  begin(await Session[how](server, body, (state) => hold(state, held ? undefined : lasting)));
}

/** Goes on with a login that was kept, if there is one. */
export function resume(): void {
  const user = lastUser();
  const state = user === undefined ? undefined : kept(user);
  if (!state) return;
  held = state;
  belongTo(state.user.id);
  begin(Session.resume(server, state, hold));
}

export async function leave(): Promise<void> {
  const [left, ended] = [client, session];
  if (left) await forget(left);
  left?.close();
  await ended?.logout();
}

/** Nothing of a user who is gone stays in the browser. Where that cannot be reached nothing was kept, or nobody can help. */
async function forget(left: ChatClient): Promise<void> {
  await left.forget().catch((error: unknown) => console.error(error));
}

function hold(state: SessionState | undefined, lasting?: boolean): void {
  if (state) keep(state, lasting);
  else if (held) drop(held.user.id);
  held = state;
}

/**
 * Runs `work` with the login as the last tab left it, while no other tab uses it. Another one may have spent our refresh
 * token: then its login is ours. It may also have gone while it did so, before it heard the answer: then its key is ours, too.
 */
async function withSession<T>(work: (session: Session, isRenewed: boolean) => Promise<T>): Promise<T> {
  return await inTurn(async () => {
    const state = held && kept(held.user.id);
    const isRenewed = state !== undefined && state.refreshToken !== held?.refreshToken;
    if (isRenewed || (state?.idempotencyKey && state.idempotencyKey !== held?.idempotencyKey)) {
      held = state;
      session = Session.resume(server, state, hold);
    }
    if (!session) throw new ChatError('CLOSED');
    return await work(session, isRenewed);
  });
}

async function token(options: { fresh: boolean }): Promise<string> {
  return await withSession((session, isRenewed) => session.token(isRenewed ? { fresh: false } : options));
}

/** Renews the token in time even while nobody asks for it, so that a new connection needs nobody but the gateway. */
function planRenewal(): void {
  clearTimeout(renewal);
  if (!session || !held) return;
  const { expiresAt, renewAt = expiresAt - marginMs } = held;
  const pauseMs = Math.max(shortestPauseMs, renewAt - Date.now());
  // Where the login has ended the next connection tells it.
  const renew = () => token({ fresh: false }).then(planRenewal, planRenewal);
  renewal = setTimeout(renew, Math.min(pauseMs, forEver));
}

function begin(started: Session): void {
  session = started;
  planRenewal();
  const mine = new ChatClient({ url: server, token, store });
  client = mine;
  login.user = started.user;
  login.ended = undefined;
  mine.on('ready', ({ user }) => {
    login.user = user;
  });
  for (const wiring of wirings) wiring(mine);
  mine.on('closed', ({ error }) => closed(mine, error));
  mine.connect(forEver).catch(() => {}); // Told by `closed` as well.
}

function closed(ended: ChatClient, error: ChatError | undefined): void {
  if (ended !== client) return;
  const isRefused = error?.code === 'BAD_CREDENTIALS' || error?.code === 'UNAUTHENTICATED';
  if (!error || isRefused) hold(undefined);
  if (isRefused) void forget(ended); // `leave` has done so before.
  client = undefined;
  session = undefined;
  held = undefined;
  clearTimeout(renewal);
  login.user = undefined;
  login.ended = error;
  for (const reset of resets) reset();
}

/** Changes the nickname. Rejects with ChatError. */
export async function rename(nickname: string): Promise<void> {
  login.user = await withSession((session) => session.updateMe({ nickname }));
}

/** Every other login of the user ends. Rejects with ChatError. */
export async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
  await withSession((session) => session.changePassword({ oldPassword, newPassword }));
}
