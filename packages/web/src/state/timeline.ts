import { keyOf, type Place, type ReceivedMessage } from '@teahouse/client';
import { nextTick, shallowReactive, toRef, triggerRef } from 'vue';
import { onLeave, theClient } from './login';
import { wonder } from './people';

type Reading = 'newest' | 'older' | 'newer' | 'around';

/**
 * The part of a conversation that is held here: messages without a hole, from somewhere to somewhere. At the bound what
 * is farthest from the reader's side is let go, and read again when it is scrolled to.
 */
export interface Timeline {
  readonly key: string;
  readonly place: Place;
  /** One that arrives is added in place, so that it costs the same however many are held; see `changed`. */
  messages: ReceivedMessage[];
  hasOlder: boolean;
  hasNewer: boolean;
  /** What is being read from the server. */
  loading: Reading | undefined;
  /** How many readings there were: one that is no longer the last drops what it brings. */
  readings: number;
  /** Why the last reading failed, and the same reading again. */
  failure: { readonly error: unknown; readonly what: Reading; readonly again: () => Promise<boolean> } | undefined;
  /** The reader looks at the newest message, or not at this conversation. */
  atEnd: boolean;
  /** The newest message that was delivered. */
  delivered: number;
  /** What was delivered while the newest messages are being read, and does not follow on what is held. */
  meanwhile: ReceivedMessage[];
  /** Messages come or go before the others: what is looked at must stay where it is. */
  prepending: boolean;
  /** The oldest were let go, and the list has not come to rest since; see `makeRoom`. */
  settling: boolean;
}

/** Fewer on a device with little memory, where the browser tells of it. */
const mostHeld = 15_000 * Math.min(8, (navigator as { deviceMemory?: number }).deviceMemory ?? 8);
const firstPage = 60;
const page = 200;
/** Conversations whose newest messages stay in memory after they were left, and how many of each. */
const mostKept = 20;
const keptEach = 200;

const held = new Map<string, Timeline>();
/** The conversation that is looked at, or was last. */
let current = '';

/** The timeline of a conversation; its newest messages are read where it is new. */
export function timelineOf(place: Place): Timeline {
  const key = keyOf(place);
  const known = held.get(key);
  held.delete(key);
  const timeline = known ?? shallowReactive<Timeline>({ ...empty, messages: [], meanwhile: [], key, place });
  held.set(key, timeline);
  current = key;
  trimOthers();
  return timeline;
}

const empty = {
  hasOlder: true,
  hasNewer: false,
  loading: undefined,
  readings: 0,
  failure: undefined,
  prepending: false,
  settling: false,
  atEnd: true,
  delivered: 0,
};

function trimOthers(): void {
  for (const [key, timeline] of held) {
    if (key === current) continue;
    if (timeline.hasNewer || held.size > mostKept) held.delete(key);
    else trimStart(timeline, keptEach);
  }
}

function trimStart(timeline: Timeline, most: number): void {
  if (timeline.messages.length <= most) return;
  timeline.messages = timeline.messages.slice(-most);
  timeline.hasOlder = true;
}

/** One page of history, whose people are asked for where they are unknown. */
async function read(place: Place, cursor: { beforeSeq?: number; afterSeq?: number }, limit: number) {
  const page = await theClient().history({ ...place, ...cursor, limit });
  for (const { from, notice } of page.messages) {
    wonder(from, place);
    if (notice?.userId !== undefined) wonder(notice.userId, place);
  }
  return page;
}

/**
 * Runs one reading at a time; a failure is kept until the next. One that goes elsewhere supersedes the one that runs: its
 * reader waits for it, while more of what is held is read again when it is scrolled to.
 * @param work is told what tells whether it is still the last reading: otherwise it must change nothing
 * @returns whether it came to its end
 */
async function loading(
  timeline: Timeline,
  what: Reading,
  work: (isLast: () => boolean) => Promise<void>,
): Promise<boolean> {
  if (timeline.loading && (what === 'older' || what === 'newer')) return false;
  timeline.readings += 1;
  const { readings } = timeline;
  const isLast = () => timeline.readings === readings;
  timeline.loading = what;
  try {
    await work(isLast);
    if (isLast()) timeline.failure = undefined;
    return isLast();
  } catch (error) {
    if (isLast()) timeline.failure = { error, what, again: () => loading(timeline, what, work) };
    return false;
  } finally {
    if (isLast()) timeline.loading = undefined;
  }
}

/**
 * Reads the newest messages, which take the place of what is held once they are here.
 * @returns false where that failed, or another reading came after it
 */
export async function loadNewest(timeline: Timeline): Promise<boolean> {
  return await loading(timeline, 'newest', async (isLast) => {
    timeline.meanwhile = [];
    const { messages, more } = await read(timeline.place, {}, firstPage);
    if (!isLast()) return;
    // What came by itself meanwhile is newer still.
    const last = messages.at(-1)?.seq ?? 0;
    const later = [...timeline.messages, ...timeline.meanwhile].filter(({ seq }) => seq > last);
    const joins = later.length === 0 || later[0]?.seq === last + 1;
    timeline.messages = joins ? [...messages, ...later] : messages;
    timeline.hasOlder = more;
    timeline.hasNewer = !joins;
  });
}

/**
 * The list's library has the view scroll where lines come or go at the start, and draws other lines for a moment where more
 * changes before it was told that the view did. It is told at the beginning of a frame; where nothing is drawn none comes.
 */
function frame(): Promise<unknown> {
  return document.hidden ? Promise.resolve() : new Promise(requestAnimationFrame);
}

export async function loadOlder(timeline: Timeline): Promise<void> {
  const first = timeline.messages[0]?.seq;
  if (first === undefined || !timeline.hasOlder) return;
  await loading(timeline, 'older', async (isLast) => {
    const { messages, more } = await read(timeline.place, { beforeSeq: first }, page);
    await frame();
    if (!isLast() || timeline.messages[0]?.seq !== first) return;
    timeline.prepending = true;
    timeline.messages = [...messages, ...timeline.messages];
    timeline.hasOlder = more;
    await nextTick();
    timeline.prepending = false;
    if (timeline.messages.length <= mostHeld) return;
    await frame();
    if (!isLast()) return;
    timeline.messages = timeline.messages.slice(0, mostHeld);
    timeline.hasNewer = true;
  });
}

/** Reads what follows; at the bound nothing, until `makeRoom` has made room. */
export async function loadNewer(timeline: Timeline): Promise<void> {
  const last = timeline.messages.at(-1)?.seq;
  if (last === undefined || !timeline.hasNewer || timeline.settling || timeline.messages.length >= mostHeld) return;
  await loading(timeline, 'newer', async (isLast) => {
    const { messages, more } = await read(timeline.place, { afterSeq: last }, page);
    if (!isLast() || timeline.messages.at(-1)?.seq !== last) return;
    timeline.messages = [...timeline.messages, ...messages];
    // What came by itself meanwhile was not added: it did not follow on what was held.
    timeline.hasNewer = more || timeline.delivered > (timeline.messages.at(-1)?.seq ?? 0);
  });
}

/**
 * Lets go of the older half where the bound is reached and newer ones are still to be read; those are read when the list
 * has come to rest again: until then its library keeps the end in place, which is not what a reader on the way down looks
 * at. To be called whenever the list comes to rest near the end of what is held.
 * @param isStill whether the list still stands where the library knows it to: it takes back a scroll that it has not seen
 */
export function makeRoom(timeline: Timeline, isStill: () => boolean): void {
  if (timeline.settling) {
    timeline.settling = false;
    void loadNewer(timeline);
    return;
  }
  if (!timeline.hasNewer || timeline.messages.length < mostHeld) return;
  void loading(timeline, 'newer', async (isLast) => {
    await frame();
    if (!isLast() || !isStill()) return;
    timeline.settling = true;
    await letGoOfOldest(timeline, Math.ceil(mostHeld / 2));
  });
}

/** Without moving what is looked at; to be called at the beginning of a frame. */
async function letGoOfOldest(timeline: Timeline, most: number): Promise<void> {
  timeline.prepending = true;
  trimStart(timeline, most);
  await nextTick();
  timeline.prepending = false;
}

/**
 * Makes the message `seq` one that is held, with some before and after it.
 * @returns false where that failed, or another reading came after it
 */
export async function loadAround(timeline: Timeline, seq: number): Promise<boolean> {
  return await loading(timeline, 'around', async (isLast) => {
    if (indexOfSeq(timeline, seq) >= 0) return;
    const before = await read(timeline.place, { beforeSeq: seq + 1 }, firstPage);
    const after = await read(timeline.place, { afterSeq: seq }, firstPage);
    if (!isLast()) return;
    timeline.messages = [...before.messages, ...after.messages];
    timeline.hasOlder = before.more;
    timeline.hasNewer = after.more || timeline.delivered > (timeline.messages.at(-1)?.seq ?? 0);
  });
}

/** Where the message `seq` is among those held; -1 where it is not. There are no holes, so it need not be searched. */
export function indexOfSeq(timeline: Timeline, seq: number): number {
  const index = seq - (timeline.messages[0]?.seq ?? 0);
  if (timeline.messages[index]?.seq === seq) return index;
  return timeline.messages.findIndex((message) => message.seq === seq);
}

/** Tells those who look at the messages that they were changed in place. */
function changed(timeline: Timeline): void {
  triggerRef(toRef(timeline, 'messages'));
}

/** A message that was delivered. What does not follow on what is held is read when it is scrolled to. */
export function arrived(key: string, message: ReceivedMessage): void {
  const timeline = held.get(key);
  if (!timeline) return;
  timeline.delivered = Math.max(timeline.delivered, message.seq);
  if (timeline.hasNewer) {
    if (timeline.loading === 'newest') timeline.meanwhile.push(message);
    return;
  }
  const last = timeline.messages.at(-1)?.seq;
  if (last !== undefined && message.seq <= last) return;
  if (last === undefined ? timeline.hasOlder && !timeline.loading && message.seq > 1 : message.seq > last + 1) {
    if (last !== undefined) timeline.hasNewer = true;
    return;
  }
  const most = key === current ? mostHeld : keptEach;
  if (timeline.messages.length >= most && !timeline.atEnd) {
    timeline.hasNewer = true;
    return;
  }
  timeline.messages.push(message);
  changed(timeline);
  if (timeline.messages.length >= most + page && !timeline.loading && !timeline.prepending) {
    void frame().then(() => letGoOfOldest(timeline, most));
  }
}

/** The message `seq` was recalled: its words go at once. */
export function recalled(key: string, seq: number): void {
  const timeline = held.get(key);
  const index = timeline ? indexOfSeq(timeline, seq) : -1;
  const message = timeline?.messages[index];
  if (!timeline || !message || message.recalled) return;
  timeline.messages[index] = { ...message, content: '', recalled: true };
  changed(timeline);
}

onLeave(() => held.clear());
