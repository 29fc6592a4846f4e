import { guest, openHouse } from './house.js';
import { latency, sayLatency } from './latency.js';
import { climb, longGroup } from './long-list.js';
import { launchBrowser, Visitor } from './visitor.js';

// npm run bench:page    How long a message takes from Enter to the screens, and what 100,000 messages cost, on one machine.

const rounds = 60;
const many = 100_000;
const atEachEnd = 50;

const house = await openHouse(() => {});
const browser = await launchBrowser();
const url = house.urls[0] as string;
const say = (...lines: string[]) => process.stdout.write(lines.map((line) => `${line}\n`).join(''));
const average = (values: readonly number[]): string =>
  (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(0);

try {
  const { client, id } = await guest(house, 'player2');
  client.terminate();
  const one = await Visitor.arrive(browser, url);
  const two = await Visitor.arrive(browser, url);
  await one.logIn('player1');
  await two.logIn('player2');
  await one.page.goto(`${url}/#/u/${id}`);
  await one.say('hello');
  await two.open('player1');
  await two.message('hello').waitFor();
  say(...sayLatency(await latency(one, two, rounds)));
  await two.leave();

  await longGroup(house, 'Long talk', many);
  await one.page.reload();
  await one.open('Long talk');
  await one.message(`Cup number ${many}`).waitFor();
  const { pages, drawn, moved, tasks, heapBytes } = await climb(one);
  const slow = tasks.length === 0 ? 'none' : `${tasks.length}, the longest ${Math.max(...tasks).toFixed(0)} ms`;
  say(
    `${many} messages scrolled to the first in ${pages.length} pages`,
    `  a page took ${average(pages.slice(0, atEachEnd))} ms among the first ${atEachEnd}, ${average(pages.slice(-atEachEnd))} ms among the last; tasks of 50 ms or longer: ${slow}`,
    `  at most ${drawn} lines in the document, the line looked at moved by ${moved.toFixed(1)} px at most, ${(heapBytes / 2 ** 20).toFixed(0)} MiB of JavaScript at the top`,
  );
  say('Writing with all of them held:', ...sayLatency(await latency(one, undefined, rounds / 2)));
} finally {
  await browser.close();
  await house.stop();
}
