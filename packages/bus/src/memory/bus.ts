import { TeahouseError } from '@teahouse/contracts';
import { drainMs, settledWithin } from '../deadline.js';
import { unavailable } from '../failure.js';
import { checkName, checkPattern, checkSubject } from '../names.js';
import type {
  BatchHandler,
  Bus,
  BusLog,
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
import { logErrors, reporter } from '../report.js';
import { type Incoming, Serving } from '../serving.js';
import type { Hub } from './hub.js';
import { MemoryView } from './view.js';

/** One service's connection to the hub. */
export class MemoryBus implements Bus {
  readonly #hub: Hub;
  readonly #onError: (error: unknown) => void;
  readonly #serving = new Set<Subscription>();
  readonly #ending = new Set<() => void>();
  readonly #consumers = new Set<{ stop(): Promise<void> }>();
  readonly #statusListeners = new Set<(status: BusStatus) => void>();
  #closed: Promise<void> | undefined;
  #connected = true;

  constructor(hub: Hub, name: string, log: BusLog | undefined) {
    this.#hub = hub;
    this.#onError = logErrors(log, 'A handler on the bus failed', {
      bus: name,
    });
  }

  get connected(): boolean {
    return this.#connected;
  }

  async request(subject: string, payload: Uint8Array, options: { readonly timeoutMs: number }): Promise<Uint8Array> {
    checkSubject(subject);
    this.#check(subject);
    const servers = this.#hub.servers.pick(subject);
    if (servers.length === 0) throw unavailable('no-responders', subject);
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#ending.delete(disconnected);
      };
      const fail = (error: TeahouseError) => {
        settle();
        reject(error);
      };
      const disconnected = () => fail(unavailable('disconnected', subject));
      const timer = setTimeout(() => fail(unavailable('timeout', subject)), options.timeoutMs);
      this.#ending.add(disconnected);
      const incoming: Incoming = {
        payload,
        subject,
        deadline: Date.now() + options.timeoutMs,
        answer: (reply) =>
          this.#hub.line.push(() => {
            settle();
            resolve(reply);
          }),
        refuse: (error) => this.#hub.line.push(() => fail(asToldOutside(error))),
      };
      const sent = this.#hub.line.offer(() => {
        for (const server of servers) server(incoming);
      });
      if (!sent)
        fail(
          new TeahouseError('UNAVAILABLE', undefined, {
            cause: new Error('The in-process bus is full'),
          }),
        );
    });
  }

  serve(subject: string, group: string, handler: RequestHandler, options: ServeOptions = {}): Subscription {
    checkPattern(subject);
    checkName(group);
    this.#check(subject);
    const serving = new Serving(handler, options, this.#onError);
    const remove = this.#hub.servers.add(subject, group, (incoming) => serving.accept(incoming));
    const unsubscribe = () => {
      remove();
      serving.stop();
      this.#serving.delete(subscription);
    };
    const subscription = {
      unsubscribe,
      drain: async () => {
        remove();
        await this.flush();
        await settledWithin(serving.idle(), drainMs);
        unsubscribe();
      },
    };
    this.#serving.add(subscription);
    return subscription;
  }

  publish(subject: string, payload: Uint8Array): boolean {
    checkSubject(subject);
    if (!this.#connected) return false;
    const listeners = this.#hub.listeners.pick(subject);
    return this.#hub.line.offer(() => {
      for (const listener of listeners) listener(payload, subject);
    });
  }

  subscribe(subject: string, listener: Listener, options: SubscribeOptions = {}): Subscription {
    checkPattern(subject);
    this.#check(subject);
    const report = reporter(options.onError ?? this.#onError);
    let closed = false;
    const remove = this.#hub.listeners.add(subject, options.queue, (payload, from) => {
      if (closed) return;
      try {
        listener(payload, from);
      } catch (error) {
        report(error);
      }
    });
    const unsubscribe = () => {
      closed = true;
      remove();
      this.#ending.delete(unsubscribe);
    };
    this.#ending.add(unsubscribe);
    return {
      unsubscribe,
      drain: async () => {
        remove();
        await this.flush();
        unsubscribe();
      },
    };
  }

  async queue(name: string, options: QueueOptions): Promise<Queue> {
    const queue = this.#hub.queue(name, options);
    return {
      push: async (payload, pushOptions) => {
        this.#check(name);
        queue.push(payload, pushOptions?.id);
      },
      consume: (handler: BatchHandler, consumeOptions: ConsumeOptions) => {
        this.#check(name);
        const consumer = queue.consume(handler, consumeOptions, this.#onError);
        this.#consumers.add(consumer);
        return {
          stop: async () => {
            await consumer.stop();
            this.#consumers.delete(consumer);
          },
        };
      },
      size: async () => queue.size,
    };
  }

  async view<T>(name: string, options: { readonly ttlMs?: number } = {}): Promise<View<T>> {
    return new MemoryView<T>(this.#hub.table(name, options.ttlMs), {
      line: this.#hub.line,
      check: () => this.#check(name),
      ending: this.#ending,
      onError: this.#onError,
    });
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  flush(): Promise<void> {
    return new Promise((resolve) => this.#hub.line.push(resolve));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const drained = [...this.#serving].map((subscription) => subscription.drain());
    const stopped = [...this.#consumers].map((consumer) => consumer.stop());
    await settledWithin(Promise.all([...drained, ...stopped]), drainMs);
    await this.flush();
    this.#connected = false;
    for (const end of [...this.#ending]) end();
    for (const listener of this.#statusListeners) {
      try {
        listener('disconnected');
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#statusListeners.clear();
  }

  #check(target: string): void {
    if (!this.#connected) throw unavailable('disconnected', target);
  }
}

/** What goes over a wire: code, sentence and pause. The cause stays with the service that threw. */
function asToldOutside(error: TeahouseError): TeahouseError {
  return new TeahouseError(
    error.code,
    error.message,
    error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs },
  );
}
