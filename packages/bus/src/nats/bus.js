import { jetstream } from '@nats-io/jetstream';
import { createInbox } from 'nats';
import { drainMs, settledWithin } from '../deadline.js';
import { unavailable } from '../failure.js';
import { checkName, checkPattern, checkSubject } from '../names.js';
import { reporter } from '../report.js';
import { Serving } from '../serving.js';
import { jetStreamMs } from './link.js';
import { NatsQueue } from './queue.js';
import { NatsIncoming, Requests } from './requests.js';
import { NatsView } from './view.js';
/** One service's connection to NATS. */
export class NatsBus {
  #link;
  #requests;
  #serving = new Set();
  /** Queue consumers and watches, which end with the connection. */
  #running = new Set();
  #closed;
  constructor(link, inboxPrefix) {
    this.#link = link;
    this.#requests = new Requests(link, createInbox(inboxPrefix));
  }
  get connected() {
    return this.#link.connected;
  }
  async request(subject, payload, options) {
    checkSubject(subject);
    return this.#requests.request(subject, payload, options.timeoutMs);
  }
  serve(subject, group, handler, options = {}) {
    checkPattern(subject);
    checkName(group);
    this.#checkOpen(subject);
    const serving = new Serving(handler, options, this.#link.onError);
    const sub = this.#link.nc.subscribe(subject, {
      queue: group,
      callback: (error, msg) => {
        if (error) return this.#link.onError(error);
        // A plain publish on a served subject has nobody to answer and is no request.
        const { reply } = msg;
        if (reply) serving.accept(new NatsIncoming(msg, reply, this.#link));
      },
    });
    const unsubscribe = () => {
      sub.unsubscribe();
      serving.stop();
      this.#serving.delete(subscription);
    };
    const subscription = {
      unsubscribe,
      drain: async () => {
        await drained(sub);
        await settledWithin(serving.idle(), drainMs);
        unsubscribe();
      },
    };
    this.#serving.add(subscription);
    return subscription;
  }
  publish(subject, payload) {
    checkSubject(subject);
    return this.#link.send(subject, payload);
  }
  subscribe(subject, listener, options = {}) {
    checkPattern(subject);
    this.#checkOpen(subject);
    const report = reporter(options.onError ?? this.#link.onError);
    const sub = this.#link.nc.subscribe(subject, {
      ...(options.queue === undefined ? {} : { queue: options.queue }),
      // What is thrown here would end the reading of the whole connection.
      callback: (error, msg) => {
        try {
          if (error) throw error;
          listener(msg.data, msg.subject);
        } catch (thrown) {
          report(thrown);
        }
      },
    });
    return { unsubscribe: () => sub.unsubscribe(), drain: () => drained(sub) };
  }
  async queue(name, options) {
    checkName(name);
    const queue = new NatsQueue(this.#link, this.#jetstream(), name, options);
    await queue.open();
    return {
      push: (payload, pushOptions) => queue.push(payload, pushOptions?.id),
      size: () => queue.size(),
      consume: (handler, consumeOptions) => this.#keep(queue.consume(handler, consumeOptions)),
    };
  }
  async view(name, options = {}) {
    checkName(name);
    const view = new NatsView(this.#link, this.#jetstream(), name, options.ttlMs);
    await view.open();
    return {
      get: (key) => view.get(key),
      put: (key, value, version) => view.put(key, value, version),
      delete: (key) => view.delete(key),
      keys: () => view.keys(),
      watch: async (listener, watchOptions) => this.#keep(await view.watch(listener, watchOptions)),
    };
  }
  onStatus(listener) {
    return this.#link.onStatus(listener);
  }
  async flush() {
    await this.#link.attempt('the server', () => this.#link.nc.flush());
  }
  close() {
    this.#closed ??= this.#close();
    return this.#closed;
  }
  async #close() {
    const drains = [...this.#serving].map((subscription) => subscription.drain());
    const stops = [...this.#running].map(async (running) => running.stop());
    await settledWithin(Promise.all([...drains, ...stops]), drainMs);
    await this.#link.close();
  }
  #jetstream() {
    return jetstream(this.#link.nc, { timeout: jetStreamMs });
  }
  #checkOpen(target) {
    if (this.#closed || this.#link.nc.isClosed()) throw unavailable('disconnected', target);
  }
  #keep(running) {
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
/** The server sends nothing more, and what it had sent has been handed over. */
async function drained(sub) {
  await settledWithin(sub.drain(), drainMs);
}
//# sourceMappingURL=bus.js.map
