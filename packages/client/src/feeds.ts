import { Feed, type FeedHost, type FeedOptions } from './feed.js';
import { keyOf, type Place, type ReceivedMessage } from './frames.js';

/** Those who iterate over conversations at present. */
export class Feeds {
  readonly #feeds = new Map<Feed, string>();

  open(place: Place, options: FeedOptions, host: Omit<FeedHost, 'ended'>): Feed {
    const feed = new Feed({ ...host, ended: (over) => this.#feeds.delete(over) }, options);
    if (!options.signal?.aborted) this.#feeds.set(feed, keyOf(place));
    return feed;
  }

  push(place: Place, message: ReceivedMessage): void {
    if (this.#feeds.size === 0) return;
    const key = keyOf(place);
    for (const [feed, at] of this.#feeds) if (at === key) feed.push(message);
  }

  end(error: unknown): void {
    for (const feed of this.#feeds.keys()) feed.end(error);
  }
}
