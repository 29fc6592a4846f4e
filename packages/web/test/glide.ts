import type { Visitor } from './visitor.js';

/** What somebody saw who scrolled by the same way in every frame. */
export interface Glide {
  readonly frames: number;
  /** How often much came in or went at once. */
  readonly pages: number;
  /** The greatest height of the list, and of all messages that were in sight together; pixels. */
  readonly tallest: number;
  readonly whole: number;
  /** The numbers of the messages that were in sight, as they came. */
  readonly seen: readonly number[];
  /** Frames in which nothing of what was in sight before and should still be was drawn. */
  readonly lost: number;
  /** How far a message that stayed in sight was in the list from where the scrolling alone would have put it, at most; pixels. */
  readonly moved: number;
  /** Whether the beginning or the end of the conversation was reached. */
  readonly reached: boolean;
}

/** Runs in the page, from the first message drawn; looks at each frame as it was painted. */
const gliding = `(async ({ name, by, withinMs, stallMs }) => {
  const deadline = performance.now() + withinMs;
  const frame = (work) => new Promise((resolve) => requestAnimationFrame(() => {
    const result = work();
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve(result);
    channel.port2.postMessage(0);
  }));
  const view = () => document.querySelector('[role=log]');
  const heights = new Map();
  const drawn = () => {
    const { top, height } = view().getBoundingClientRect();
    const all = [...view().querySelectorAll('article')]
      .filter((one) => getComputedStyle(one).visibility === 'visible')
      .map((one) => [one.dataset.row, one.getBoundingClientRect()]);
    for (const [key, { height }] of all) heights.set(key, height);
    return new Map(all.filter(([, { y, bottom }]) => bottom > top && y < top + height).map(([key, { y }]) => [key, y - top]));
  };
  const opened = () => document.querySelector('h1')?.textContent.includes(name) && drawn().size > 0;
  while (!opened() && performance.now() < deadline) await frame(() => {});
  const told = { frames: 0, pages: 0, tallest: 0, whole: 0, seen: [], lost: 0, moved: 0, reached: false };
  const seen = new Map();
  const note = (rows) => {
    for (const key of rows.keys()) seen.set(Number(key.slice(1)), heights.get(key));
    return rows;
  };
  let before = note(drawn());
  let height = view().scrollHeight;
  while (!told.reached && performance.now() < deadline) {
    const way = await frame(() => {
      const from = view().scrollTop;
      view().scrollBy(0, by);
      const { scrollHeight, scrollTop, clientHeight } = view();
      const until = performance.now() + (told.pages % 2 === 0 && scrollHeight - scrollTop - clientHeight < 600 ? stallMs : 0);
      while (performance.now() < until);
      return from - scrollTop;
    });
    const now = note(drawn());
    const both = [...now.keys()].filter((key) => before.has(key));
    told.frames += 1;
    if (before.size > 0 && both.length === 0) told.lost += 1;
    for (const key of both) told.moved = Math.max(told.moved, Math.abs(now.get(key) - before.get(key) - way));
    if (Math.abs(view().scrollHeight - height) > 2_000) told.pages += 1;
    height = view().scrollHeight;
    told.tallest = Math.max(told.tallest, height);
    before = now;
    const first = document.querySelector('.begin') !== null && view().scrollTop === 0;
    told.reached = by < 0 ? first : document.querySelector('.latest') === null;
  }
  told.seen = [...seen.keys()];
  told.whole = [...seen.values()].reduce((sum, height) => sum + height, 0);
  return told;
})`;

/**
 * Scrolls the conversation looked at, `by` pixels a frame: down to its end, or up to its beginning where it is less than 0.
 * @param stallMs how long a frame takes near the end of what is held, in every second page, as on a slow device
 */
export async function glide(visitor: Visitor, name: string, by: number, withinMs: number, stallMs = 0): Promise<Glide> {
  return await visitor.page.evaluate<Glide>(`${gliding}(${JSON.stringify({ name, by, withinMs, stallMs })})`);
}

/** Opens a conversation and scrolls it from the first frame that shows any message. */
export async function openAndGlide(visitor: Visitor, name: string, by: number, withinMs: number): Promise<Glide> {
  const told = glide(visitor, name, by, withinMs);
  await visitor.open(name);
  return await told;
}
