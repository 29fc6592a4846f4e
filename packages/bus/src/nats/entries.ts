import { DeliverPolicy, type JetStreamClient, type PushConsumer } from '@nats-io/jetstream';

/** A consumer that is given what a bucket holds, oldest first, and then every change; and how to tell one from the other. */
export interface Entries {
  readonly consumer: PushConsumer;
  readonly prefix: string;
  /** The bucket holds nothing. */
  readonly empty: boolean;
  /**
   * The last entry of those there at the beginning has this number, or a higher one where it was written again since. The
   * server's count of those to come cannot be relied on for that: entries that are written again meanwhile stay in it.
   */
  readonly lastSeq: number;
}

export async function openEntries(js: JetStreamClient, bucket: string, headersOnly: boolean): Promise<Entries> {
  const stream = `KV_${bucket}`;
  const prefix = `$KV.${bucket}.`;
  const { state } = await (await js.jetstreamManager(false)).streams.info(stream);
  const consumer = await js.consumers.getPushConsumer(stream, {
    deliver_policy: DeliverPolicy.LastPerSubject,
    filter_subjects: `${prefix}>`,
    ...(headersOnly ? { headers_only: true } : {}),
  });
  const { num_pending } = await consumer.info(true);
  return { consumer, prefix, empty: num_pending === 0, lastSeq: state.last_seq };
}
