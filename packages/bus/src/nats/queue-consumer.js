import { setImmediate as nextTurn } from 'node:timers/promises';
import { drainMs, Pause, settledWithin } from '../deadline.js';
import { reporter } from '../report.js';
import { isMissing } from './missing.js';

/** How long one pull stays with the server before it is asked for anew. */
const pullMs = 10_000;
/** Between attempts after a failure. */
const pauseMs = 500;
/**
 * Pulls items and hands them over, one batch at a time, whatever has gathered by then. A pull asks for one batch, and the next
 * is made when all of it is done: so no more than that waits here while its time to be acked runs.
 */
export class QueueConsumer {
  #input;
  #report;
  #pause = new Pause();
  #done;
  #off;
  #pull;
  #stopped = false;
  constructor(input) {
    this.#input = input;
    this.#report = reporter(input.options.onError ?? input.link.onError);
    // A pull does not survive the connection: ended here, it is made anew on the next.
    this.#off = input.link.onStatus(() => this.#wake());
    this.#done = this.#run();
  }
  async stop() {
    this.#stopped = true;
    this.#off();
    this.#wake();
    await settledWithin(this.#done, drainMs);
  }
  #wake() {
    this.#pull?.close().catch(this.#report);
    this.#pause.wake();
  }
  async #run() {
    const { link, name, options } = this.#input;
    while (!this.#stopped) {
      try {
        if (link.connected) {
          const consumer = await link.attempt(name, () => this.#input.find());
          while (link.connected && !this.#stopped) {
            this.#pull = await consumer.fetch({
              max_messages: options.batch,
              expires: pullMs,
            });
            await this.#work(this.#pull);
          }
        } else await this.#pause.for(pauseMs);
      } catch (error) {
        await this.#recover(error);
      }
    }
  }
  async #recover(error) {
    if (!this.#input.link.connected || this.#stopped) return;
    try {
      if (isMissing(error)) await this.#input.open();
      else this.#report(error);
    } catch (failure) {
      this.#report(failure);
    }
    if (!this.#stopped) await this.#pause.for(pauseMs);
  }
  /** Until the pull has ended and all that it brought is done. Rejects with what ended the pull. */
  async #work(pull) {
    const gathered = [];
    const bell = new Pause();
    let reading = true;
    const read = async () => {
      try {
        for await (const message of pull) {
          gathered.push(message);
          bell.wake();
        }
      } finally {
        reading = false;
        bell.wake();
      }
    };
    const ended = read();
    // Awaited below; until then a rejection counts as handled.
    ended.catch(() => {});
    while (reading || gathered.length > 0) {
      if (gathered.length === 0) await bell.for(2 * pullMs);
      await nextTurn();
      const batch = gathered.splice(0);
      if (this.#stopped) for (const message of batch) message.nak();
      else if (batch.length > 0) await this.#handle(batch);
    }
    await ended;
  }
  async #handle(batch) {
    try {
      await this.#input.handler(
        batch.map((message) => ({
          payload: message.data,
          redelivered: message.redelivered,
        })),
      );
      for (const message of batch) message.ack();
    } catch (error) {
      this.#report(error);
      for (const message of batch) message.nak(this.#input.retryMs);
    }
  }
}
//# sourceMappingURL=queue-consumer.js.map
