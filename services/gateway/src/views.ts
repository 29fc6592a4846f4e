import type { Bus, View } from '@teahouse/bus';
import { TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';

const retryMs = 1000;
/** The bus gives JetStream 5 s and more; a login that looks into several views has not got that. */
const answerMs = 1500;

/** A view that may not be there yet when this process starts: it is opened at the first use and asked for again. */
export class LateView<T> {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #name: string;
  #view: Promise<View<T>> | undefined;
  #watch: { stop(): void } | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(bus: Bus, name: string, log: Log) {
    this.#bus = bus;
    this.#name = name;
    this.#log = log;
  }

  /** The entry, or undefined where there is none. Rejects with UNAVAILABLE where the view cannot be read within 1.5 s. */
  async get(key: string): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const cause = new Error(`no answer in time from ${this.#name}`);
        reject(new TeahouseError('UNAVAILABLE', undefined, { cause }));
      }, answerMs);
    });
    try {
      return await Promise.race([this.#read(key), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Tells all entries and every change from now on. Resolves once the first have been told, or the first try failed; it is tried again until it works. */
  async watch(listener: (key: string, value: T | undefined) => void): Promise<void> {
    try {
      const watch = await (await this.#open()).watch(listener);
      if (this.#closed) watch.stop();
      else this.#watch = watch;
    } catch (err) {
      if (this.#closed) return;
      this.#log.warn({ err, view: this.#name }, 'the view cannot be watched yet');
      this.#retry = setTimeout(() => void this.watch(listener), retryMs);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#watch?.stop();
  }

  async #read(key: string): Promise<T | undefined> {
    return (await this.#open()).get(key);
  }

  #open(): Promise<View<T>> {
    if (this.#view === undefined) {
      this.#view = this.#bus.view<T>(this.#name);
      this.#view.catch(() => {
        this.#view = undefined;
      });
    }
    return this.#view;
  }
}
