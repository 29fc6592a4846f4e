import {
  AckPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamClient,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { nanos } from 'nats';
import type { BatchHandler, ConsumeOptions, QueueOptions } from '../port.js';
import { refuseAltered } from './altered.js';
import { asUnavailable, jetStreamMs, type Link } from './link.js';
import { isMadeBeside, isMissing } from './missing.js';
import { onceAtATime } from './once.js';
import { QueueConsumer } from './queue-consumer.js';

const dedupeMs = 120_000;
/** Items out with consumers at once, over all of them. */
const outLimit = 20_000;
/** "stream name already in use with a different configuration". */
const otherConfiguration = 10058;

/** The one consumer that all who work on a queue share. */
const workers = 'workers';

/** A durable queue: a JetStream stream that keeps each item until it is done, on disk. Made again where the server lost it. */
export class NatsQueue {
  readonly #link: Link;
  readonly #js: JetStreamClient;
  readonly #name: string;
  readonly #stream: string;
  readonly #subject: string;
  readonly #options: QueueOptions;
  /** Makes stream and consumer where they are missing. A stream that is there keeps its bounds: see rights.ts. */
  readonly open: () => Promise<void>;

  constructor(link: Link, js: JetStreamClient, name: string, options: QueueOptions) {
    this.#link = link;
    this.#js = js;
    this.#name = name;
    this.#stream = `queue_${name}`;
    this.#subject = `queue.${name}`;
    this.#options = options;
    this.open = onceAtATime(() => this.#open());
  }

  async #open(): Promise<void> {
    const { maxMessages, ackWaitMs } = this.#options;
    const config = {
      name: this.#stream,
      subjects: [this.#subject],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      max_msgs: maxMessages,
      duplicate_window: nanos(dedupeMs),
    };
    const make = async () => {
      const jsm = await this.#js.jetstreamManager(false);
      const made = await jsm.streams.add(config).catch((error: unknown) => {
        const there = isMadeBeside(error) || (error instanceof JetStreamApiError && error.code === otherConfiguration);
        if (!there) throw error;
        return jsm.streams.info(this.#stream);
      });
      refuseAltered(made.config, this.#subject);
      await jsm.consumers.add(this.#stream, {
        durable_name: workers,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(ackWaitMs),
        max_ack_pending: Math.min(maxMessages, outLimit),
      });
    };
    try {
      await this.#link.attempt(this.#name, make, 2 * jetStreamMs);
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  async push(payload: Uint8Array, id: string | undefined): Promise<void> {
    await this.#use(() => this.#js.publish(this.#subject, payload, id === undefined ? {} : { msgID: id }));
  }

  async size(): Promise<number> {
    return this.#use(
      async () => (await (await this.#js.jetstreamManager(false)).streams.info(this.#stream)).state.messages,
    );
  }

  async #use<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#link.attempt(this.#name, work);
    } catch (error) {
      if (!isMissing(error)) throw asUnavailable(error);
    }
    await this.open();
    try {
      return await this.#link.attempt(this.#name, work);
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  consume(handler: BatchHandler, options: ConsumeOptions): { stop(): Promise<void> } {
    const consumer = new QueueConsumer({
      link: this.#link,
      name: this.#name,
      find: () => this.#js.consumers.get(this.#stream, workers),
      open: this.open,
      retryMs: this.#options.retryMs ?? 1_000,
      handler,
      options,
    });
    return { stop: () => consumer.stop() };
  }
}
