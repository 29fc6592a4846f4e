import type { BatchHandler } from '@teahouse/bus';
import { within } from '@teahouse/test';

/** Gathers what arrives and lets a test wait for the n-th of it. */
export class Inbox<T> {
  readonly all: T[] = [];
  #waiting: (() => void)[] = [];

  readonly put = (item: T): void => {
    this.all.push(item);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  };

  /** Resolves with everything so far once there are `count`. */
  async until(count: number, timeoutMs = 5_000): Promise<T[]> {
    return this.untilTrue(() => this.all.length >= count, `${count} items`, timeoutMs);
  }

  async untilTrue(check: (all: readonly T[]) => boolean, what: string, timeoutMs = 5_000): Promise<T[]> {
    const wait = async () => {
      while (!check(this.all)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    };
    await within(wait(), timeoutMs, `Awaited ${what}, got ${this.all.length}: ${JSON.stringify(this.all.slice(-5))}`);
    return this.all;
  }
}

/** A promise with its resolver outside. */
export class Gate {
  open: () => void = () => {};
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString();

let last = 0;
/** A name that no other test uses. */
export const fresh = (name: string): string => `${name}-${process.pid}-${++last}`;

/** A handler of batches that puts the payloads there as text. */
export const into =
  (inbox: Inbox<string>): BatchHandler =>
  async (batch) => {
    for (const { payload } of batch) inbox.put(textOf(payload));
  };
