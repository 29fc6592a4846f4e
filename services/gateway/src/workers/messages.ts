import type { Readiness } from '@teahouse/service-kit';

/** What a worker tells its primary: more often until it is ready for the first time, as the next one waits for it. */
export interface Report extends Readiness {
  readonly type: 'report';
}

export const reportMs = 1_000;
export const startReportMs = 50;

/** What a primary asks a worker. */
export interface MetricsQuestion {
  readonly type: 'metrics?';
  readonly id: number;
}

/** What the worker answers: as prom-client gives them. */
export interface MetricsAnswer {
  readonly type: 'metrics';
  readonly id: number;
  readonly metrics: object[];
}

/** What a primary tells a worker: answer what is in flight, send the clients elsewhere, end. */
export const leave = { type: 'leave' } as const;

const typeOf = (message: unknown): unknown => (message as { type?: unknown } | null)?.type;

/** Other libraries talk on the same line. */
export const isReport = (message: unknown): message is Report => typeOf(message) === 'report';
export const isMetricsQuestion = (message: unknown): message is MetricsQuestion => typeOf(message) === 'metrics?';
export const isMetricsAnswer = (message: unknown): message is MetricsAnswer => typeOf(message) === 'metrics';
export const isLeave = (message: unknown): boolean => typeOf(message) === leave.type;
