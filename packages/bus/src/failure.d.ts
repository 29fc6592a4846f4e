import { TeahouseError } from '@teahouse/contracts';
/** What kept an answer away. Only after `no-responders` is it certain that nothing was executed. */
export type FailureReason = 'no-responders' | 'timeout' | 'disconnected';
/** The cause of an `UNAVAILABLE` that arose on the bus and not in a service. */
export declare class BusFailure extends Error {
  readonly reason: FailureReason;
  /** The subject, queue or view that was asked. */
  readonly target: string;
  readonly name = 'BusFailure';
  constructor(
    reason: FailureReason,
    /** The subject, queue or view that was asked. */
    target: string,
    options?: {
      cause?: unknown;
    },
  );
}
/** `UNAVAILABLE` for strangers, the reason and the target for the log. */
export declare function unavailable(reason: FailureReason, target: string, cause?: unknown): TeahouseError;
