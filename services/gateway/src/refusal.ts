import { BusFailure } from '@teahouse/bus';
import { TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';

/** Told where somebody has too much to do: by then the queue is another one. */
const retryAfterMs = 1000;

/** What a stranger is told of an error: itself where it is meant for them, else INTERNAL, and the log knows why. */
export function toldOf(error: unknown, log: Log, what: string): TeahouseError {
  const told = error instanceof TeahouseError ? error : new TeahouseError('INTERNAL', undefined, { cause: error });
  if (told.code === 'INTERNAL') log.error({ err: told }, `${what} failed`);
  else if (told.code === 'UNAVAILABLE') log.debug({ err: told }, `${what} found nobody`);
  return told.code === 'UNAVAILABLE' && told.retryAfterMs === undefined && !isGone(told)
    ? new TeahouseError(told.code, told.message, { cause: told, retryAfterMs })
    : told;
}

/** Nobody is there, other than somebody who is late: no time can be named. */
const isGone = ({ cause }: TeahouseError): boolean => cause instanceof BusFailure && cause.reason !== 'timeout';

/** The frame that tells a client of a refusal. */
export function errorFrame(ref: string | undefined, told: TeahouseError): object {
  const { code, message, retryable, retryAfterMs } = told;
  const frame = { type: 'error', code, message, retryable };
  return { ...frame, ...(ref === undefined ? {} : { ref }), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
