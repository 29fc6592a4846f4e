import type { Readiness } from '@teahouse/service-kit';

/** What a worker tells its primary, once a second. */
export interface Report extends Readiness {
  readonly type: 'report';
}

export const reportMs = 1_000;

/** What a primary tells a worker: answer what is in flight, send the clients elsewhere, end. */
export const leave = { type: 'leave' } as const;

const typeOf = (message: unknown): unknown => (message as { type?: unknown } | null)?.type;

/** Other libraries talk on the same line. */
export const isReport = (message: unknown): message is Report => typeOf(message) === 'report';
export const isLeave = (message: unknown): boolean => typeOf(message) === leave.type;
