import type { JetStreamClient } from '@nats-io/jetstream';
import { settledWithin } from '../deadline.js';
import { unavailable } from '../failure.js';
import { openEntries } from './entries.js';
import { jetStreamMs } from './link.js';

/** All keys of a bucket. Rejects with `UNAVAILABLE` where they do not come within 5 s. */
export async function keysOf(js: JetStreamClient, bucket: string): Promise<string[]> {
  const { consumer, prefix, empty, lastSeq } = await openEntries(js, bucket, true);
  const keys = new Set<string>();
  try {
    if (empty) return [];
    let complete = () => {};
    const whole = new Promise<void>((resolve) => {
      complete = resolve;
    });
    const messages = await consumer.consume({
      callback: (message) => {
        const key = message.subject.slice(prefix.length);
        if (message.headers?.has('KV-Operation')) keys.delete(key);
        else keys.add(key);
        if (message.seq >= lastSeq || message.info.pending === 0) complete();
      },
    });
    const came = await settledWithin(whole, jetStreamMs);
    messages.stop();
    if (!came) throw unavailable('timeout', bucket);
    return [...keys];
  } finally {
    // Left alone, the server's side ends by itself after 5 minutes.
    await consumer.delete().catch(() => {});
  }
}
