import { jetstream } from '@nats-io/jetstream';
import { createInbox, type Msg, type Subscription as NatsSubscription } from 'nats';
import { drainMs, settledWithin } from '../deadline.js';
import { unavailable } from '../failure.js';
import { checkName, checkPattern, checkSubject } from '../names.js';
import type {
  BatchHandler,
  Bus,
  BusStatus,
  ConsumeOptions,
  Listener,
  Queue,
  QueueOptions,
  RequestHandler,
  ServeOptions,
  SubscribeOptions,
  Subscription,
  View,
} from '../port.js';
import { report } from '../report.js';
import { Serving } from '../serving.js';
import { Presence, Roll } from './instances.js';
import { jetStreamMs, type Link } from './link.js';
import { NatsQueue } from './queue.js';
import { NatsIncoming, Requests } from './requests.js';
import { NatsView } from './view.js';

/** One service's connection to NATS. */
export class NatsBus implements Bus {
  readonly #link: Link;
  readonly #requests: Requests;
  readonly #presence: Presence;
  readonly #serving = new Set<Subscription>();
  /** Queue consumers and watches, which end with the connection. */
  readonly #running = new Set<{ stop(): Promise<void> | void }>();
  #closed: Promise<void> | undefined;

  constructor(link: Link, inboxPrefix: string) {
    this.#link = link;
    this.#requests = new Requests(link, createInbox(inboxPrefix), new Roll(link, createInbox(inboxPrefix)));
    this.#presence = new Presence(link);
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  async request(subject: string, payload: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array> {
    checkSubject(subject);
    return this.#requests.request(subject, payload, options.timeoutMs);
  }

  serve(subject: string, group: string, handler: RequestHandler, options: ServeOptions = {}): Subscription {
    checkPattern(subject);
    checkName(group);
    this.#checkOpen(subject);
    const serving = new Serving(handler, options, this.#link.onError);
    const accept = (suffix: number) => (error: Error | null, msg: Msg) => {
      if (error) return this.#link.onError(error);
      // A plain publish on a served subject has nobody to answer and is no request.
      const { reply, subject: asked } = msg;
      if (reply) serving.accept(new NatsIncoming(msg, asked.slice(0, asked.length - suffix), reply, this.#link));
    };
    const subs = [this.#link.nc.subscribe(subject, { queue: group, callback: accept(0) })];
    const direct = this.#presence.directOf(subject);
    if (direct) subs.push(this.#link.nc.subscribe(direct, { callback: accept(direct.length - subject.length) }));
    if (direct) this.#presence.begin(subject);
    const unsubscribe = () => {
      for (const sub of subs) sub.unsubscribe();
      if (direct && this.#serving.has(subscription)) this.#presence.end(subject);
      serving.stop();
      this.#serving.delete(subscription);
    };
    const subscription = {
      unsubscribe,
      drain: async () => {
        await Promise.all(subs.map(drained));
        await settledWithin(serving.idle(), drainMs);
        unsubscribe();
      },
    };
    this.#serving.add(subscription);
    return subscription;
  }

  publish(subject: string, payload: Uint8Array): boolean {
    checkSubject(subject);
    this.#link.hold();
    return this.#link.send(subject, payload);
  }

  subscribe(subject: string, listener: Listener, options: SubscribeOptions = {}): Subscription {
    checkPattern(subject);
    this.#checkOpen(subject);
    return new NatsListening(this.#link, subject, listener, options);
  }

  async queue(name: string, options: QueueOptions): Promise<Queue> {
    checkName(name);
    const queue = new NatsQueue(this.#link, this.#jetstream(), name, options);
    await queue.open();
    return {
      push: (payload, pushOptions) => queue.push(payload, pushOptions?.id),
      size: () => queue.size(),
      consume: (handler: BatchHandler, consumeOptions: ConsumeOptions) =>
        this.#keep(queue.consume(handler, consumeOptions)),
    };
  }

  async view<T>(name: string, options: { readonly ttlMs?: number } = {}): Promise<View<T>> {
    checkName(name);
    const view = new NatsView<T>(this.#link, this.#jetstream(), name, options.ttlMs);
    await view.open();
    return {
      get: (key) => view.get(key),
      put: (key, value, version) => view.put(key, value, version),
      delete: (key) => view.delete(key),
      keys: () => view.keys(),
      watch: async (listener, watchOptions) => this.#keep(await view.watch(listener, watchOptions)),
    };
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    return this.#link.onStatus(listener);
  }

  async flush(): Promise<void> {
    await this.#link.attempt('the server', () => this.#link.nc.flush());
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const drains = [...this.#serving].map((subscription) => subscription.drain());
    const stops = [...this.#running].map(async (running) => running.stop());
    await settledWithin(Promise.all([...drains, ...stops]), drainMs);
    await this.#link.close();
  }

  #jetstream() {
    return jetstream(this.#link.nc, { timeout: jetStreamMs });
  }

  #checkOpen(target: string): void {
    if (this.#closed || this.#link.nc.isClosed()) throw unavailable('disconnected', target);
  }

  #keep<Running extends { stop(): Promise<void> | void }>(running: Running): Running {
    const kept = {
      ...running,
      stop: () => {
        this.#running.delete(kept);
        return running.stop();
      },
    };
    this.#running.add(kept);
    return kept;
  }
}

/** A gateway has one for each of its users, so it is small: 200 bytes less than with a closure for each of its parts. */
class NatsListening implements Subscription {
  readonly #sub: NatsSubscription;

  constructor(link: Link, subject: string, listener: Listener, { queue, onError = link.onError }: SubscribeOptions) {
    this.#sub = link.nc.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      // What is thrown here would end the reading of the whole connection.
      callback: (error, msg) => {
        try {
          if (error) throw error;
          listener(msg.data, msg.subject);
        } catch (thrown) {
          report(onError, thrown);
        }
      },
    });
  }

  unsubscribe(): void {
    this.#sub.unsubscribe();
  }

  drain(): Promise<void> {
    return drained(this.#sub);
  }
}

/** The server sends nothing more, and what it had sent has been handed over. */
async function drained(sub: NatsSubscription): Promise<void> {
  await settledWithin(sub.drain(), drainMs);
}
