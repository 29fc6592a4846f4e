import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { NoRespondersError } from 'nats';

/**
 * True where JetStream says, or its silence shows, that a stream, bucket or consumer is not there: it was never made, or the
 * server lost its disk. A server without JetStream answers the same; making it anew tells the two apart.
 */
export function isMissing(error: unknown): boolean {
  if (error instanceof JetStreamApiError) {
    return error.code === JetStreamApiCodes.StreamNotFound || error.code === JetStreamApiCodes.ConsumerNotFound;
  }
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof NoRespondersError) return true;
  return false;
}

/** "Subjects overlap with an existing stream": what the server may say to the second of two who make one stream at once. */
const subjectsOverlap = 10065;

/** Whether somebody else has made the same stream at that moment. */
export function isMadeBeside(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === subjectsOverlap;
}
