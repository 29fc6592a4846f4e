import type { Visitor } from './visitor.js';

/** What one text went through in the page where it was written, and where else it was painted; milliseconds. */
interface Round {
  /** From the key to the line in the page: the work of the browser's input and of ours. */
  readonly work: number;
  /** From there to the next frame: nothing is done, the screen is not due yet. */
  readonly wait: number;
  /** Style, layout and paint of that frame. */
  readonly draw: number;
  /** Animation frames that began after the key, up to and with the one that shows the line: 1 is the least possible. */
  readonly frames: number;
  readonly own: number;
  readonly other: number | undefined;
}

/**
 * Runs in the page. A text counts as painted when the frame that first shows it has been drawn by the page's own thread:
 * a message posted in that frame's callback is handled after its style, layout and paint. It has to stand in the list's visible
 * part then, and not be hidden as a line without a height is. What the screen adds is not seen.
 */
const watchPaints = `
  globalThis.paints = new Map();
  const whole = (time) => performance.timeOrigin + time;
  new MutationObserver(() => {
    const changed = whole(performance.now());
    for (const text of document.querySelectorAll('article .text')) {
      const [key] = /round \\d+!/.exec(text.textContent) ?? [];
      if (!key || globalThis.paints.has(key)) continue;
      globalThis.paints.set(key, undefined);
      const { pressed, count } = globalThis;
      const look = () => requestAnimationFrame(() => {
        const begun = whole(performance.now());
        const { frames } = count;
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
          const painted = whole(performance.now());
          const { bottom } = text.getBoundingClientRect();
          const seen = bottom <= text.closest('[role=log]').getBoundingClientRect().bottom;
          if (!seen || getComputedStyle(text).visibility !== 'visible') return look();
          count.over = true;
          globalThis.paints.set(key, { pressed, changed, begun, painted, frames });
        };
        channel.port2.postMessage(0);
      });
      look();
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  globalThis.paintOf = async (key) => {
    const deadline = performance.now() + 10_000;
    while (!globalThis.paints.get(key)) {
      if (performance.now() > deadline) throw new Error(key + ' was not painted within 10 s');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return globalThis.paints.get(key);
  };
  globalThis.pressed = 0;
  globalThis.count = { frames: 0, over: true };
  addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    globalThis.pressed = whole(event.timeStamp);
    const count = { frames: 0, over: false };
    globalThis.count = count;
    const next = () => requestAnimationFrame(() => {
      if (count.over) return;
      count.frames += 1;
      next();
    });
    next();
  }, { capture: true });
`;

const warmUps = 10;
const pauseMs = 60;

interface Paint {
  readonly pressed: number;
  readonly changed: number;
  readonly begun: number;
  readonly painted: number;
  readonly frames: number;
}

const paintOf = (visitor: Visitor, key: string): Promise<Paint> =>
  visitor.page.evaluate<Paint>(`globalThis.paintOf(${JSON.stringify(key)})`);

/** One writes, by keyboard, and another may look at the same conversation. */
export async function latency(one: Visitor, two: Visitor | undefined, rounds: number): Promise<Round[]> {
  for (const visitor of [one, two]) await visitor?.page.evaluate(watchPaints);
  const told: Round[] = [];
  for (let round = 0; round < rounds + warmUps; round++) {
    const text = `round ${round}!`;
    await one.writing.fill(text);
    await one.page.keyboard.press('Enter');
    const { pressed, changed, begun, painted, frames } = await paintOf(one, text);
    const other = two && (await paintOf(two, text)).painted - pressed;
    if (round >= warmUps)
      told.push({
        work: changed - pressed,
        wait: begun - changed,
        draw: painted - begun,
        frames,
        own: painted - pressed,
        other,
      });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return told;
}

export function sayLatency(rounds: readonly Round[]): string[] {
  const numbers = (of: (round: Round) => number | undefined) => rounds.map(of).filter((value) => value !== undefined);
  const frames = numbers((round) => round.frames);
  const inTime = frames.filter((count) => count === 1).length;
  const others = numbers(({ other }) => other);
  return [
    `Enter → own message painted: ${median(frames, 0)} frame at the median, ${Math.max(...frames)} at most; in the first frame after the key ${inTime} of ${rounds.length}`,
    `  in time: ${spread(numbers(({ own }) => own))}`,
    `  the browser's input and our work ${median(numbers(({ work }) => work))}, the wait for the next frame ${median(numbers(({ wait }) => wait))}, drawing it ${median(numbers(({ draw }) => draw))} ms (medians)`,
    ...(others.length === 0 ? [] : [`Enter → painted at the other side: ${spread(others)}`]),
  ];
}

const share = (values: readonly number[], of: number, digits = 1): string =>
  ([...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * of)] ?? 0).toFixed(digits);

const median = (values: readonly number[], digits = 1): string => share(values, 0.5, digits);

function spread(values: readonly number[]): string {
  return `median ${median(values)} ms, 95 % within ${share(values, 0.95)} ms, slowest ${share(values, 1)} ms (${values.length} messages)`;
}
