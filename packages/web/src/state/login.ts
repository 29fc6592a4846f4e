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
import { inTurn, keep, kept } from './keeper';

/** Who is logged in. `user` is known from the start of a kept login on, before there is a connection. */
export const login = reactive<{ user: User | undefined; ended: unknown }>({ user: undefined, ended: undefined });

const server = location.origin;
/** What was not sent yet is sent after the page was loaded again. */
const store = indexedDbStore();
/** As long as timers go: a page waits for its server until it is closed. */
const forEver = 2 ** 31 - 1;

let client: ChatClient | undefined;
let session: Session | undefined;
let held: SessionState | undefined;

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
  begin(await Session[how](server, body, (state) => hold(state, lasting)));
}

/** Goes on with a login that was kept, if there is one. */
export function resume(): void {
  const state = kept();
  if (!state) return;
  held = state;
  begin(Session.resume(server, state, hold));
}

export async function leave(): Promise<void> {
  const ended = session;
  await client?.forget();
  client?.close();
  await ended?.logout();
}

function hold(state: SessionState | undefined, lasting?: boolean): void {
  held = state;
  keep(state, lasting);
}

/** Another tab may have spent our refresh token: then its login is ours. */
async function token(options: { fresh: boolean }): Promise<string> {
  return await inTurn(async () => {
    const state = kept();
    if (state && held && state.refreshToken !== held.refreshToken) {
      held = state;
      session = Session.resume(server, state, hold);
      return await session.token({ fresh: false });
    }
    if (!session) throw new ChatError('CLOSED');
    return await session.token(options);
  });
}

function begin(started: Session): void {
  session = started;
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
  if (!error || error.code === 'BAD_CREDENTIALS' || error.code === 'UNAUTHENTICATED') hold(undefined);
  client = undefined;
  session = undefined;
  login.user = undefined;
  login.ended = error;
  for (const reset of resets) reset();
}

/** Changes the nickname. Rejects with ChatError. */
export async function rename(nickname: string): Promise<void> {
  login.user = await (await current()).updateMe({ nickname });
}

/** Every other login of the user ends. Rejects with ChatError. */
export async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
  await (await current()).changePassword({ oldPassword, newPassword });
}

/** The session with a token that holds, whichever tab renewed it. */
async function current(): Promise<Session> {
  await token({ fresh: false });
  if (!session) throw new ChatError('CLOSED');
  return session;
}
