type Listener<T> = (value: T) => void;

/**
 * Typed events. A listener that throws stops neither the others nor the client: `onThrow` hears of it, or the console where
 * it is one that was to hear of errors.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  /** @returns a function that ends the listening */
  on<K extends keyof Events>(type: K, listener: Listener<Events[K]>): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(type, listeners);
    return () => this.off(type, listener);
  }

  off<K extends keyof Events>(type: K, listener: Listener<Events[K]>): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** @returns how many listened */
  emit<K extends keyof Events>(type: K, value: Events[K]): number {
    const listeners = [...(this.#listeners.get(type) ?? [])] as Listener<Events[K]>[];
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        if (type === 'error') console.error(error);
        else this.#onThrow(error);
      }
    }
    return listeners.length;
  }
}
