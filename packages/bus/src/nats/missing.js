import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { NoRespondersError } from 'nats';
/**
 * True where JetStream says, or its silence shows, that a stream, bucket or consumer is not there: it was never made, or the
 * server lost its disk. A server without JetStream answers the same; making it anew tells the two apart.
 */
export function isMissing(error) {
  if (error instanceof JetStreamApiError) {
    return error.code === JetStreamApiCodes.StreamNotFound || error.code === JetStreamApiCodes.ConsumerNotFound;
  }
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof NoRespondersError) return true;
  return false;
}
//# sourceMappingURL=missing.js.map
