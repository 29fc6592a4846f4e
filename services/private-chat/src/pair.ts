import { TeahouseError } from '@teahouse/contracts';

/** Two people in the order in which tables and events name them. */
export type Pair = readonly [low: number, high: number];

export function pairOf(a: number, b: number): Pair {
  return a < b ? [a, b] : [b, a];
}

/** The pair of the caller and somebody else. BAD_REQUEST where that is the caller. */
export function pairWith(userId: number, other: number): Pair {
  if (userId === other) throw new TeahouseError('BAD_REQUEST', 'That is yourself.');
  return pairOf(userId, other);
}

export const pairKey = ([low, high]: Pair): string => `${low} ${high}`;
