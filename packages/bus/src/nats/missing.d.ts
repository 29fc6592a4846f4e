/**
 * True where JetStream says, or its silence shows, that a stream, bucket or consumer is not there: it was never made, or the
 * server lost its disk. A server without JetStream answers the same; making it anew tells the two apart.
 */
export declare function isMissing(error: unknown): boolean;
