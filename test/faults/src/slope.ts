import type { Gauges } from './gauges.js';

/** When it was measured, in minutes, and what. */
export interface Sample {
  readonly minute: number;
  readonly gauges: ReadonlyMap<string, Gauges>;
}

export interface Trend {
  readonly who: string;
  readonly what: string;
  readonly first: number;
  readonly last: number;
  /** By how much it grows in a minute: the straight line that fits best. */
  readonly perMinute: number;
  readonly flat: boolean;
}

/** V8 lets its heap grow while there is memory, so that it has less to collect: no leak is told from that. */
export const shownOnly = 'resident MiB';
/** Growth a minute that is no growth: memory breathes, and clients come and go while it is counted. */
const limits: Readonly<Record<string, number>> = {
  'live MiB': 0.5,
  'native MiB': 0.5,
  'memory MiB': 1,
  [shownOnly]: Number.POSITIVE_INFINITY,
};
const otherLimit = 0.5;

/** How each gauge went in the second half: before, caches fill, code is compiled, and heaps find their size. */
export function trendsOf(samples: readonly Sample[]): Trend[] {
  const used = samples.slice(Math.floor(samples.length / 2));
  const names = used.at(-1)?.gauges ?? new Map<string, Gauges>();
  return [...names].flatMap(([who, gauges]) =>
    Object.keys(gauges).map((what) => {
      const points = used.flatMap(({ minute, gauges }) => {
        const value = gauges.get(who)?.[what];
        return value === undefined ? [] : [{ minute, value }];
      });
      const perMinute = slopeOf(points);
      const flat = perMinute <= (limits[what] ?? otherLimit) || !climbs(samples, who, what);
      return { who, what, first: points[0]?.value ?? 0, last: points.at(-1)?.value ?? 0, perMinute, flat };
    }),
  );
}

/**
 * Whether half of what was measured in the last quarter lies above all that was before. What grows steadily does that; what
 * falls and comes back, as memory does that the allocator gave to the kernel for a while, only has a slope.
 */
function climbs(samples: readonly Sample[], who: string, what: string): boolean {
  const values = samples.flatMap(({ gauges }) => gauges.get(who)?.[what] ?? []);
  const border = Math.floor((values.length * 3) / 4);
  const before = Math.max(...values.slice(0, border));
  const last = values.slice(border);
  return last.filter((value) => value > before).length * 2 >= last.length;
}

function slopeOf(points: readonly { minute: number; value: number }[]): number {
  const mean = (of: (point: { minute: number; value: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / Math.max(1, points.length);
  const [minute, value] = [mean((point) => point.minute), mean((point) => point.value)];
  const spread = mean((point) => (point.minute - minute) ** 2);
  return spread === 0 ? 0 : mean((point) => (point.minute - minute) * (point.value - value)) / spread;
}
