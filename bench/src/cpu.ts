import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts process times in hundredths of a second on every architecture that Node runs on. */
const TICK_US = 10_000;

interface ProcessTimes {
  name: string;
  parent: number;
  /** User and system time of all threads, microseconds. */
  cpuUs: number;
}

function timesOf(pid: number): ProcessTimes | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // It ended meanwhile.
  }
  // The name may hold spaces; the fields are counted from behind its closing parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    parent: Number(fields[1]),
    cpuUs: (Number(fields[11]) + Number(fields[12])) * TICK_US,
  };
}

function processes(): Map<number, ProcessTimes> {
  const all = new Map<number, ProcessTimes>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    const times = Number.isInteger(pid) ? timesOf(pid) : undefined;
    if (times) all.set(pid, times);
  }
  return all;
}

/** The process that we started as one of the programs `names`; throws where there is none. */
export function childNamed(...names: string[]): number {
  for (const [pid, { name, parent }] of processes()) {
    if (parent === process.pid && names.includes(name)) return pid;
  }
  throw new Error(`No ${names.join(' or ')} was started by this process.`);
}

/**
 * CPU used so far by each named process and all its descendants, microseconds, from `/proc` (Linux only).
 * Resolution is 10 ms a process; a descendant that has ended is no longer counted.
 */
export function cpuUsed(pids: Readonly<Record<string, number>>): Record<string, number> {
  const all = processes();
  const names = new Map(Object.entries(pids).map(([name, pid]) => [pid, name]));
  const used: Record<string, number> = Object.fromEntries(Object.keys(pids).map((name) => [name, 0]));
  for (const [pid, { cpuUs }] of all) {
    let at = pid;
    while (at > 1 && !names.has(at)) at = all.get(at)?.parent ?? 0;
    const name = names.get(at);
    if (name !== undefined) used[name] = (used[name] ?? 0) + cpuUs;
  }
  return used;
}

/** What was used between two readings, microseconds by name. */
export function cpuBetween(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, us]) => [name, us - (before[name] ?? 0)]));
}
