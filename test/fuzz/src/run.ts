import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '@teahouse/test';
import fc from 'fast-check';
import { Deliverer } from './deliver.js';
import { type Input, input } from './inputs.js';
import { type Setup, startWorld } from './world.js';

export interface Plan {
  readonly setup: Setup;
  readonly seed: number;
  readonly count: number;
  /** Hears how many inputs are through. */
  readonly told?: (done: number) => void;
}

export interface Outcome {
  readonly inputs: number;
  readonly by: Readonly<Record<Input['to'], number>>;
  readonly violations: readonly string[];
  readonly accepted: number;
  readonly unavailable: number;
  /** Bytes of the heap after a collection: when a fifth was through, and at the end. */
  readonly heap: readonly [number, number];
}

/** Inputs that are under way together. */
const chunkSize = 50;
/** Beyond so many there is no use in going on. */
const mostViolations = 20;
/** What caches that are bounded may still take after a fifth of the run. */
const growthBytes = 48 * 1024 * 1024;

/** Feeds `count` inputs that follow from `seed` to a whole system in this process, and tells all that went wrong. */
export async function runFuzz({ setup, seed, count, told = () => {} }: Plan): Promise<Outcome> {
  const violations: string[] = [];
  const by = { socket: 0, door: 0, rest: 0, ask: 0, tell: 0 };
  let last: readonly Input[] = [];
  const blame = (what: string, at: unknown) => {
    violations.push(`${what}\n  input: ${shown(at)}`);
  };
  const uncaught = (error: unknown) =>
    blame(`nobody handled ${error instanceof Error ? error.stack : String(error)}`, last);
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  const before = resources();
  const world = await startWorld(setup);
  const deliverer = new Deliverer(world);
  let firstHeap = 0;
  let done = 0;
  try {
    while (done < count && violations.length < mostViolations) {
      const numRuns = Math.min(chunkSize, count - done);
      last = fc.sample(input, { seed: (seed + done) | 0, numRuns });
      await Promise.all(
        last.map(async (one) => {
          by[one.to]++;
          const wrong = await deliverer
            .deliver(one)
            .catch((error: unknown) => `could not be delivered: ${String(error)}`);
          if (wrong !== undefined) blame(`${wrong}\n  log: ${world.logged.at(-1) ?? 'nothing'}`, one);
        }),
      );
      const wrong = await deliverer.check();
      if (wrong !== undefined) blame(`${wrong}\n  log: ${world.logged.at(-1) ?? 'nothing'}`, last);
      done += numRuns;
      if (firstHeap === 0 && done >= count / 5) firstHeap = heapAfterCollection();
      told(done);
    }
    const heap: [number, number] = [firstHeap, heapAfterCollection()];
    if (heap[1] > heap[0] + growthBytes) violations.push(`the heap grew from ${heap[0]} to ${heap[1]} bytes`);
    await deliverer.close();
    await world.close();
    await eventually(() => leftOver(before).length === 0, 15_000, 'handles').catch(() =>
      violations.push(`left over at the end: ${leftOver(before).join(', ')}`),
    );
    const { accepted, unavailable } = deliverer;
    return { inputs: done, by, violations, accepted, unavailable, heap };
  } finally {
    await world.close();
    process.off('uncaughtException', uncaught);
    process.off('unhandledRejection', uncaught);
  }
}

/** Kinds of handles that keep a process alive, and how many there are. */
function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Timers of `eventually` itself, and files that are just being closed, come and go. */
const passing = new Set(['Timeout', 'Immediate', 'TickObject', 'FSReqCallback', 'FSReqPromise', 'CloseReq']);

function leftOver(before: ReadonlyMap<string, number>): string[] {
  return [...resources()]
    .filter(([kind, count]) => !passing.has(kind) && count > (before.get(kind) ?? 0))
    .map(([kind, count]) => `${count} ${kind} instead of ${before.get(kind) ?? 0}`);
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

function shown(at: unknown): string {
  const text = JSON.stringify(at, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
  return text.length > 2000 ? `${text.slice(0, 2000)} …` : text;
}
