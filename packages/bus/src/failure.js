import { TeahouseError } from '@teahouse/contracts';

const told = {
  'no-responders': 'nobody serves',
  timeout: 'no answer in time from',
  disconnected: 'the bus is disconnected on the way to',
};
/** The cause of an `UNAVAILABLE` that arose on the bus and not in a service. */
export class BusFailure extends Error {
  constructor(
    reason,
    /** The subject, queue or view that was asked. */
    target,
    options,
  ) {
    super(`${told[reason]} ${target}`, options);
    this.reason = reason;
    this.target = target;
    this.name = 'BusFailure';
  }
}
/** `UNAVAILABLE` for strangers, the reason and the target for the log. */
export function unavailable(reason, target, cause) {
  return new TeahouseError('UNAVAILABLE', undefined, {
    cause: new BusFailure(reason, target, cause === undefined ? {} : { cause }),
  });
}
//# sourceMappingURL=failure.js.map
