import type { Visitor } from './visitor.js';

/** What one text went through in the page where it was written, and where else it was painted; milliseconds. */
interface Round {
  /** From the key to the line in the page: the work of the browser's input and of ours. */
  readonly work: number;
  /** From there to the next frame: nothing is done, the screen is not due yet. */
  readonly wait: number;
  /** Style, layout and paint of that frame. */
  readonly draw: number;
  /** The frame was the first one that began after the key. */
  readonly firstFrame: boolean;
  readonly own: number;
  readonly other: number | undefined;
}

/**
 * Runs in the page. A text counts as painted when the frame that first shows it has been drawn by the page's own thread:
 * a message posted in that frame's callback is handled after its style, layout and paint. What the screen adds is not seen.
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
      const { pressed, frame } = globalThis;
      requestAnimationFrame((frameTime) => {
        const begun = whole(performance.now());
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
          const painted = whole(performance.now());
          globalThis.paints.set(key, { pressed, changed, begun, painted, firstFrame: frame.time === frameTime });
        };
        channel.port2.postMessage(0);
      });
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
  globalThis.frame = { time: 0 };
  addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    globalThis.pressed = whole(event.timeStamp);
    const frame = { time: undefined };
    globalThis.frame = frame;
    requestAnimationFrame((frameTime) => { frame.time = frameTime; });
  }, { capture: true });
`;

const warmUps = 10;
const pauseMs = 60;

interface Paint {
  readonly pressed: number;
  readonly changed: number;
  readonly begun: number;
  readonly painted: number;
  readonly firstFrame: boolean;
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
    const { pressed, changed, begun, painted, firstFrame } = await paintOf(one, text);
    const other = two && (await paintOf(two, text)).painted - pressed;
    if (round >= warmUps)
      told.push({
        work: changed - pressed,
        wait: begun - changed,
        draw: painted - begun,
        firstFrame,
        own: painted - pressed,
        other,
      });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return told;
}

export function sayLatency(rounds: readonly Round[]): string[] {
  const numbers = (of: (round: Round) => number | undefined) => rounds.map(of).filter((value) => value !== undefined);
  const first = rounds.filter(({ firstFrame }) => firstFrame).length;
  const others = numbers(({ other }) => other);
  return [
    `Enter → own message painted: ${spread(numbers(({ own }) => own))}`,
    `  the browser's input and our work ${median(numbers(({ work }) => work))}, the wait for the next frame ${median(numbers(({ wait }) => wait))}, drawing it ${median(numbers(({ draw }) => draw))} ms (medians)`,
    `  in the first frame after the key: ${first} of ${rounds.length}`,
    ...(others.length === 0 ? [] : [`Enter → painted at the other side: ${spread(others)}`]),
  ];
}

const share = (values: readonly number[], of: number): string =>
  ([...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * of)] ?? 0).toFixed(1);

const median = (values: readonly number[]): string => share(values, 0.5);

function spread(values: readonly number[]): string {
  return `median ${median(values)} ms, 95 % within ${share(values, 0.95)} ms, slowest ${share(values, 1)} ms (${values.length} messages)`;
}
