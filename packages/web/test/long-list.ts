import { randomUUID } from 'node:crypto';
import { eventually, type Stack, TestClient, withConnection } from '@teahouse/test';
import type { Visitor } from './visitor.js';

const rowsAtOnce = 1_000;
const patienceMs = 300_000;

/**
 * Makes a group with so many messages, written straight into its table: nobody says a hundred thousand things in a minute.
 * Resolves when a login is told of all of them. @returns the group's id
 */
export async function longGroup(stack: Stack, name: string, count: number): Promise<number> {
  const owner = { username: 'player1', password: '123456' };
  const { client, ready } = await TestClient.login(stack.socketUrls[0] as string, owner);
  const { groupId } = await client.request({ type: 'createGroup', groupName: name });
  await client.close();
  const from = (ready.user as { id: number }).id;
  const began = Date.now() - count * 1_000;
  await withConnection(stack.databaseUrls.GROUP_DB_URL, async (connection) => {
    // `created` is the first one.
    for (let seq = 2; seq <= count; seq += rowsAtOnce) {
      const size = Math.min(rowsAtOnce, count - seq + 1);
      const rows = Array.from({ length: size }, (_, index) => {
        const text = `Cup number ${seq + index}${index % 7 === 0 ? ', and a second line\nof this one' : ''}`;
        return [groupId, seq + index, randomUUID(), from, text, 0, began + (seq + index) * 1_000, 0];
      });
      const columns = 'groupId, seq, id, fromUserId, content, kind, createTime, recalled';
      await connection.query(`INSERT INTO group_message (${columns}) VALUES ?`, [rows]);
    }
    const now = Date.now();
    const moved = 'UPDATE group_chat SET lastSeq = ?, movedAt = ?, movedSecond = ? WHERE id = ?';
    await connection.query(moved, [count, now, Math.floor(now / 1000), groupId]);
  });
  const known = async () => {
    const again = await TestClient.login(stack.socketUrls[0] as string, owner);
    await again.client.close();
    const groups = again.ready.groups as { id: number; lastSeq: number }[];
    return groups.find(({ id }) => id === groupId)?.lastSeq === count;
  };
  await eventually(known, 60_000, 'The group does not know of its messages');
  return Number(groupId);
}

/** What scrolling from the newest to the first message showed. */
export interface Climb {
  /** Milliseconds of each page, from the scroll that asks for it until it stands, at the pace of somebody in a hurry. */
  readonly pages: readonly number[];
  /** The most lines that were in the document at once. */
  readonly drawn: number;
  /** How far the line looked at was moved by a page that came in above, at most; pixels. */
  readonly moved: number;
  /** Tasks of 50 ms or longer. */
  readonly tasks: readonly number[];
  /** Of JavaScript, after a collection, at the top. */
  readonly heapBytes: number;
}

/**
 * Runs in the page: scrolls up until the beginning stands there. Before each page it waits until the lines in sight have
 * their heights, then goes a little further, which asks for the page, and looks whether what is in sight stays.
 */
const climbing = `(async (patienceMs) => {
  const view = document.querySelector('[role=log]');
  const frame = () => new Promise(requestAnimationFrame);
  const tasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) tasks.push(duration);
  }).observe({ type: 'longtask' });
  const pages = [];
  let drawn = 0;
  let moved = 0;
  const deadline = performance.now() + patienceMs;
  const reached = () => {
    if (performance.now() > deadline) throw new Error('The beginning was not reached; ' + pages.length + ' pages');
    return document.querySelector('.begin') !== null;
  };
  while (!reached()) {
    view.scrollTo(0, 1_600);
    for (let still = 0; still < 3; still++) await frame();
    let nudged = false;
    const began = performance.now();
    const height = view.scrollHeight;
    view.scrollTo(0, 1_400);
    const top = view.getBoundingClientRect().top;
    const seen = [...view.querySelectorAll('article')].find((one) => one.getBoundingClientRect().top > top + 100);
    const y = seen?.getBoundingClientRect().top;
    const key = seen?.dataset.row;
    for (let idle = 0; view.scrollHeight < height + 500 && !reached(); idle++) {
      await frame();
      if (view.ariaBusy === 'true') idle = 0;
      if (idle > 20) {
        nudged = true;
        view.scrollTo(0, 0);
      }
    }
    pages.push(performance.now() - began);
    await frame();
    const again = view.querySelector('[data-row="' + key + '"]');
    if (y !== undefined && again && !nudged) moved = Math.max(moved, Math.abs(again.getBoundingClientRect().top - y));
    drawn = Math.max(drawn, view.querySelectorAll('.row').length);
  }
  return { pages, drawn, moved, tasks };
})(${patienceMs})`;

/** Scrolls the conversation that is open up to its first message. */
export async function climb(visitor: Visitor): Promise<Climb> {
  const climbed = await visitor.page.evaluate<Omit<Climb, 'heapBytes'>>(climbing);
  const devtools = await visitor.page.context().newCDPSession(visitor.page);
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  await devtools.detach();
  return { ...climbed, heapBytes: usedSize };
}
