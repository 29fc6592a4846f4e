import { readdirSync, readFileSync } from 'node:fs';

const boundMs = 1000;

/**
 * Blocks until every thread of a process that was sent SIGSTOP stands still, a second at most: the signal comes back
 * before all threads of a busy server have noticed, and one of them may still answer. Linux; elsewhere it returns at once.
 */
export function untilHeld(pid: number): void {
  const deadline = Date.now() + boundMs;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  while (process.platform === 'linux' && Date.now() < deadline && !isHeld(pid)) Atomics.wait(pause, 0, 0, 2);
}

function isHeld(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((task) => {
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8');
      // The state follows the name, which stands in brackets and may hold anything.
      return stat[stat.lastIndexOf(')') + 2] === 'T';
    });
  } catch {
    // The process, or one of its threads, is gone.
    return false;
  }
}
