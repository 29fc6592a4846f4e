import {
  ChatClient,
  ChatError,
  keyOf,
  type Place,
  placeOf,
  type ReadyFrame,
  type ReceivedMessage,
  Session,
  type SessionState,
} from '@teahouse/client';
import { reactive } from 'vue';
import { words } from './words';

export interface Entry {
  readonly key: string;
  readonly place: Place;
  name: string;
  lastSeq: number;
  readSeq: number;
}

interface Outgoing {
  readonly content: string;
  readonly key: string;
}

/** What the page shows. Only the selected conversation's messages are held, and of those the newest thousand. */
export const chat = reactive({
  user: undefined as ReadyFrame['user'] | undefined,
  state: 'idle' as ChatClient['state'],
  entries: [] as Entry[],
  unavailable: false,
  selected: undefined as string | undefined,
  messages: [] as ReceivedMessage[],
  more: false,
  outgoing: [] as Outgoing[],
  names: {} as Record<number, string>,
  error: '',
});

const server = location.origin;
const stored = 'teahouse.session';
const mostShown = 1_000;
let client: ChatClient | undefined;
let session: Session | undefined;

/** Kept for this tab alone: a refresh token that two tabs spend would end the login. */
function keep(state: SessionState | undefined): void {
  if (state) sessionStorage.setItem(stored, JSON.stringify(state));
  else sessionStorage.removeItem(stored);
}

/** Runs something the user asked for; what goes wrong is shown. */
export async function attempt(work: () => Promise<unknown>): Promise<void> {
  chat.error = '';
  try {
    await work();
  } catch (error) {
    chat.error = error instanceof ChatError ? error.message : String(error);
  }
}

export async function enter(how: 'login' | 'register', username: string, password: string): Promise<void> {
  begin(await Session[how](server, { username, password }, keep));
}

/** Goes on with the login of this tab, if there is one. */
export function resume(): void {
  const state = sessionStorage.getItem(stored);
  if (state) begin(Session.resume(server, JSON.parse(state) as SessionState, keep));
}

export async function leave(): Promise<void> {
  const ended = session;
  client?.close();
  await ended?.logout();
}

function begin(login: Session): void {
  session = login;
  const mine = new ChatClient({ url: server, token: (options) => login.token(options) });
  client = mine;
  mine.on('state', (state) => {
    chat.state = state;
  });
  mine.on('ready', (ready) => void attempt(() => arrived(ready)));
  mine.on('groups', ({ groups }) => listGroups(groups));
  mine.on('conversations', ({ conversations }) => listPeople(conversations));
  mine.on('groupChanged', ({ group }) => {
    const entry = entryOf({ groupId: group.id }, group.groupName);
    entry.name = group.groupName;
    entry.lastSeq = Math.max(entry.lastSeq, group.lastSeq ?? 0);
  });
  mine.on('readMarker', ({ groupId, with: peer, userId, seq }) => {
    if (userId === chat.user?.id) markedRead(keyOf(groupId === undefined ? { with: peer ?? 0 } : { groupId }), seq);
  });
  mine.on('groupMessage', received);
  mine.on('privateMessage', received);
  mine.on('closed', ({ error }) => {
    if (error?.code === 'BAD_CREDENTIALS' || error?.code === 'UNAUTHENTICATED' || !error) keep(undefined);
    Object.assign(chat, { user: undefined, entries: [], messages: [], outgoing: [], names: {}, selected: undefined });
    chat.error = error?.message ?? '';
  });
  void mine.connect(10 * 60_000).catch(() => {}); // Told by `closed` as well.
}

async function arrived(ready: ReadyFrame): Promise<void> {
  chat.user = ready.user;
  chat.names[ready.user.id] = ready.user.nickname;
  chat.unavailable = ready.unavailable !== undefined;
  if (!ready.unavailable?.includes('groups')) listGroups(ready.groups);
  if (!ready.unavailable?.includes('conversations')) listPeople(ready.conversations);
  const place = selectedEntry()?.place ?? chat.entries[0]?.place;
  if (place && matchMedia('(min-width: 700px)').matches) await select(place);
  else if (place && chat.selected) await select(place);
}

function listGroups(groups: ReadyFrame['groups']): void {
  const here = new Set(groups.map(({ id }) => keyOf({ groupId: id })));
  chat.entries = chat.entries.filter(({ place, key }) => 'with' in place || here.has(key));
  for (const { id, groupName, lastSeq, readSeq } of groups)
    Object.assign(entryOf({ groupId: id }, groupName), { lastSeq, readSeq });
  chat.unavailable = false;
}

function listPeople(conversations: ReadyFrame['conversations']): void {
  for (const { userId, nickname, lastSeq, readSeq } of conversations) {
    chat.names[userId] = nickname;
    Object.assign(entryOf({ with: userId }, nickname), { name: nickname, lastSeq, readSeq });
  }
  chat.unavailable = false;
}

/** The entry of a conversation, made where it is new. */
function entryOf(place: Place, name: string): Entry {
  const key = keyOf(place);
  const known = chat.entries.find((entry) => entry.key === key);
  if (known) return known;
  chat.entries.push({ key, place, name, lastSeq: 0, readSeq: 0 });
  return chat.entries.at(-1) as Entry;
}

export function selectedEntry(): Entry | undefined {
  return chat.entries.find((entry) => entry.key === chat.selected);
}

function received(message: ReceivedMessage): void {
  const place = placeOf(message, chat.user?.id ?? 0);
  const entry = entryOf(place, 'with' in place ? nameOf(place.with) : '');
  entry.lastSeq = Math.max(entry.lastSeq, message.seq);
  if (message.sentHere) markedRead(entry.key, message.seq);
  learnNames(place, [message]);
  if (entry.key !== chat.selected) return;
  show([message]);
  if (!document.hidden && !message.sentHere) void read(entry);
}

/** Merges messages into those shown, by `seq`. */
function show(messages: ReceivedMessage[]): void {
  const all = new Map(chat.messages.map((message) => [message.seq, message]));
  for (const message of messages) all.set(message.seq, message);
  for (const { notice } of messages) {
    const recalled = notice?.event === 'recalled' && notice.seq !== undefined ? all.get(notice.seq) : undefined;
    if (recalled) all.set(recalled.seq, { ...recalled, content: '', recalled: true });
  }
  chat.messages = [...all.values()].sort((a, b) => a.seq - b.seq).slice(-mostShown);
}

export async function select(place: Place): Promise<void> {
  const entry = entryOf(place, 'with' in place ? nameOf(place.with) : '');
  if (chat.selected !== entry.key) Object.assign(chat, { selected: entry.key, messages: [], more: false });
  const page = await client?.request('history', place);
  if (!page || chat.selected !== entry.key) return;
  // After a long absence the page shown before may not touch this one.
  const first = page.messages[0]?.seq ?? 0;
  if ((chat.messages.at(-1)?.seq ?? first) < first - 1) chat.messages = [];
  if (chat.messages.length === 0) chat.more = page.more;
  show(page.messages as ReceivedMessage[]);
  learnNames(place, page.messages as ReceivedMessage[]);
  await read(entry);
}

export async function earlier(): Promise<void> {
  const entry = selectedEntry();
  const beforeSeq = chat.messages[0]?.seq;
  if (!entry || beforeSeq === undefined) return;
  const page = await client?.request('history', { ...entry.place, beforeSeq });
  if (!page || chat.selected !== entry.key) return;
  chat.more = page.more && chat.messages.length < mostShown;
  show(page.messages as ReceivedMessage[]);
  learnNames(entry.place, page.messages as ReceivedMessage[]);
}

export async function say(content: string): Promise<void> {
  const entry = selectedEntry();
  if (!entry || !client) return;
  const outgoing = reactive({ content, key: entry.key });
  chat.outgoing.push(outgoing);
  try {
    if ('groupId' in entry.place) await client.sendToGroup(content, entry.place.groupId);
    else await client.sendToUser(entry.place.with, content);
  } finally {
    chat.outgoing = chat.outgoing.filter((other) => other !== outgoing);
  }
}

async function read(entry: Entry): Promise<void> {
  if (entry.readSeq >= entry.lastSeq) return;
  const seq = entry.lastSeq;
  markedRead(entry.key, seq);
  await client?.request('markRead', { ...entry.place, seq }).catch(() => {}); // The next one tells it again.
}

function markedRead(key: string, seq: number): void {
  const entry = chat.entries.find((other) => other.key === key);
  if (entry) entry.readSeq = Math.max(entry.readSeq, seq);
}

export function nameOf(userId: number): string {
  return chat.names[userId] ?? words.user(userId);
}

const asked = new Set<number>();

/** Messages tell ids only: asks once for each name that is missing. */
function learnNames(place: Place, messages: ReceivedMessage[]): void {
  const ids = new Set(messages.flatMap(({ from, notice }) => [from, notice?.userId ?? from]));
  for (const userId of ids) {
    if (userId in chat.names || asked.has(userId)) continue;
    asked.add(userId);
    void askName(place, userId)
      .catch(() => {}) // The id stands in for the name; the next message asks again.
      .finally(() => asked.delete(userId));
  }
}

async function askName(place: Place, userId: number): Promise<void> {
  if ('groupId' in place) {
    const page = await client?.request('listMembers', { groupId: place.groupId, after: userId - 1, limit: 1 });
    const member = page?.members[0];
    if (member?.userId === userId) chat.names[userId] = member.nickname;
  } else {
    const page = await client?.request('listConversations', { limit: 20 });
    for (const { userId: id, nickname } of page?.conversations ?? []) chat.names[id] = nickname;
    for (const entry of chat.entries) if ('with' in entry.place) entry.name = nameOf(entry.place.with);
  }
}

addEventListener('online', () => client?.wake());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  client?.wake();
  const entry = selectedEntry();
  if (entry && chat.state === 'ready') void read(entry);
});
