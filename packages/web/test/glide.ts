import type { Visitor } from './visitor.js';

/** What somebody saw who scrolled up by the same way in every frame. */
export interface Glide {
  readonly frames: number;
  /** Pages of older messages that came in above. */
  readonly pages: number;
  /** Frames in which nothing of what was in sight before and should still be was drawn. */
  readonly lost: number;
  /** How far a message that stayed in sight was from where the scrolling alone would have put it, at most; pixels. */
  readonly moved: number;
  /** Whether the beginning of the conversation was reached. */
  readonly reached: boolean;
}

/** Runs in the page, from the first message drawn; looks at each frame as it was painted. */
const gliding = `(async ({ name, by, withinMs }) => {
  const deadline = performance.now() + withinMs;
  const frame = (work) => new Promise((resolve) => requestAnimationFrame(() => {
    const result = work();
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve(result);
    channel.port2.postMessage(0);
  }));
  const view = () => document.querySelector('[role=log]');
  const drawn = () => {
    const { top, height } = view().getBoundingClientRect();
    const all = [...view().querySelectorAll('article')]
      .filter((one) => getComputedStyle(one).visibility === 'visible')
      .map((one) => [one.dataset.row, one.getBoundingClientRect()]);
    return new Map(all.filter(([, { y, bottom }]) => bottom > top && y < top + height).map(([key, { y }]) => [key, y]));
  };
  const opened = () => document.querySelector('h1')?.textContent.includes(name) && drawn().size > 0;
  while (!opened() && performance.now() < deadline) await frame(() => {});
  const told = { frames: 0, pages: 0, lost: 0, moved: 0, reached: false };
  let before = drawn();
  let height = view().scrollHeight;
  while (!told.reached && performance.now() < deadline) {
    const way = await frame(() => {
      const from = view().scrollTop;
      view().scrollBy(0, -by);
      return from - view().scrollTop;
    });
    const now = drawn();
    const both = [...now.keys()].filter((key) => before.has(key));
    told.frames += 1;
    if (before.size > 0 && both.length === 0) told.lost += 1;
    for (const key of both) told.moved = Math.max(told.moved, Math.abs(now.get(key) - before.get(key) - way));
    if (view().scrollHeight > height + 2_000) told.pages += 1;
    height = view().scrollHeight;
    before = now;
    told.reached = document.querySelector('.begin') !== null;
  }
  return told;
})`;

/** Opens a conversation and scrolls it up to its first message, `by` pixels a frame, from the first frame that shows any. */
export async function openAndGlide(visitor: Visitor, name: string, by: number, withinMs: number): Promise<Glide> {
  const told = visitor.page.evaluate<Glide>(`${gliding}(${JSON.stringify({ name, by, withinMs })})`);
  await visitor.open(name);
  return await told;
}
