import { guest, openHouse } from './house.js';
import { launchBrowser, Visitor } from './visitor.js';

// How long it takes, on one machine, from Enter to one's own message painted, and to the same message painted at another's.

const rounds = 60;
const warmUps = 10;
const pauseMs = 60;

const house = await openHouse(() => {});
const browser = await launchBrowser();

/** Runs in the page: notes when each text was painted, which is when the frame after its drawing has begun. */
const watchPaints = `
  globalThis.paints = new Map();
  new MutationObserver(() => {
    for (const text of document.querySelectorAll('article .text')) {
      const [key] = /round \\d+!/.exec(text.textContent) ?? [];
      if (!key || globalThis.paints.has(key)) continue;
      globalThis.paints.set(key, undefined);
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => globalThis.paints.set(key, performance.timeOrigin + performance.now());
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
  addEventListener('keydown', (event) => {
    if (event.key === 'Enter') globalThis.pressed = performance.timeOrigin + event.timeStamp;
  }, { capture: true });
`;

const paintOf = (visitor: Visitor, key: string): Promise<number> =>
  visitor.page.evaluate<number>(`globalThis.paintOf(${JSON.stringify(key)})`);

function summary(name: string, values: number[]): string {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
  return `${name}: median ${at(0.5)} ms, 95 % within ${at(0.95)} ms, slowest ${at(1)} ms (${sorted.length} messages)\n`;
}

try {
  const { client, id } = await guest(house, 'player2');
  client.terminate();
  const one = await Visitor.arrive(browser, house.urls[0] as string);
  const two = await Visitor.arrive(browser, house.urls[0] as string);
  await one.logIn('player1');
  await two.logIn('player2');
  await one.page.goto(`${house.urls[0]}/#/u/${id}`);
  await one.say('hello');
  await two.open('player1');
  await two.message('hello').waitFor();
  for (const { page } of [one, two]) await page.evaluate(watchPaints);
  const own: number[] = [];
  const other: number[] = [];
  for (let round = 0; round < rounds + warmUps; round++) {
    const text = `round ${round}!`;
    await one.writing.fill(text);
    await one.page.keyboard.press('Enter');
    const painted = await paintOf(one, text);
    const paintedThere = await paintOf(two, text);
    const pressed = await one.page.evaluate<number>('globalThis.pressed');
    if (round >= warmUps) {
      own.push(painted - pressed);
      other.push(paintedThere - pressed);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  process.stdout.write(summary('Enter → own message painted', own));
  process.stdout.write(summary('Enter → painted at the other side', other));
} finally {
  await browser.close();
  await house.stop();
}
