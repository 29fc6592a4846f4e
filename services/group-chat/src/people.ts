import type { Bus, View } from '@teahouse/bus';
import { type Person, type ProfileEntry, TeahouseError, views } from '@teahouse/contracts';
import { LRUCache } from 'lru-cache';

const cached = { max: 20_000, ttl: 5_000 };
/** Names are worth waiting for, but not for long: a list without them is still a list. */
const waitMs = 800;

/** Names of people, from the view that auth writes. A changed name shows after 5 s at the latest. */
export class People {
  readonly #bus: Bus;
  readonly #known = new LRUCache<number, Person>(cached);
  #view: Promise<View<ProfileEntry>> | undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** A person for each id, in order; `user<ID>` stands in for a name that the view does not tell in time. Never rejects. */
  async named(userIds: readonly number[]): Promise<Person[]> {
    const found = await Promise.all(userIds.map((id) => this.#lookUp(id).catch(() => undefined)));
    return userIds.map((id, index) => found[index] ?? { id, username: `user${id}`, nickname: `user${id}` });
  }

  /** Whether there is such an account. UNAVAILABLE where the view cannot be asked. */
  async exists(userId: number): Promise<boolean> {
    return (await this.#lookUp(userId)) !== undefined;
  }

  async #lookUp(id: number): Promise<Person | undefined> {
    const known = this.#known.get(id);
    if (known) return known;
    const entry = await inTime(this.#get(String(id)));
    if (!entry) return undefined;
    const person = { id, username: entry.username, nickname: entry.nickname };
    this.#known.set(id, person);
    return person;
  }

  async #get(key: string): Promise<ProfileEntry | undefined> {
    this.#view ??= this.#bus.view<ProfileEntry>(views.profiles);
    const view = await this.#view.catch((error: unknown) => {
      this.#view = undefined;
      throw error;
    });
    return view.get(key);
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TeahouseError('UNAVAILABLE')), waitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
