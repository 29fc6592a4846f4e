import { TeahouseError } from '@teahouse/contracts';

/** What kept an answer away. Only after `no-responders` is it certain that nothing was executed. */
export type FailureReason = 'no-responders' | 'timeout' | 'disconnected';

const told: Record<FailureReason, string> = {
  'no-responders': 'nobody serves',
  timeout: 'no answer in time from',
  disconnected: 'the bus is disconnected on the way to',
};

/** The cause of an `UNAVAILABLE` that arose on the bus and not in a service. */
export class BusFailure extends Error {
  override readonly name = 'BusFailure';

  constructor(
    readonly reason: FailureReason,
    /** The subject, queue or view that was asked. */
    readonly target: string,
    options?: { cause?: unknown },
  ) {
    super(`${told[reason]} ${target}`, options);
  }
}

/** `UNAVAILABLE` for strangers, the reason and the target for the log. */
export function unavailable(reason: FailureReason, target: string, cause?: unknown): TeahouseError {
  return new TeahouseError('UNAVAILABLE', undefined, {
    cause: new BusFailure(reason, target, cause === undefined ? {} : { cause }),
  });
}
