import type { Bus, View } from '@teahouse/bus';
import {
  type MembershipEntry,
  officialGroup,
  type Person,
  type ProfileEntry,
  TeahouseError,
  views,
} from '@teahouse/contracts';
import { LRUCache } from 'lru-cache';

/** Look-ups wait no longer than this, so that callers hear UNAVAILABLE, or a list without names, in time. */
const waitMs = 800;
const cachedNames = { max: 20_000, ttl: 1000 };

/** What the views of auth and group-chat tell about people, also while those services are down. */
export class People {
  readonly #profiles: LateView<ProfileEntry>;
  readonly #memberships: LateView<MembershipEntry>;
  readonly #names = new LRUCache<number, Person>(cachedNames);

  constructor(bus: Bus) {
    this.#profiles = new LateView(bus, views.profiles);
    this.#memberships = new LateView(bus, views.memberships);
  }

  /** A person for each id, in order; `user<ID>` stands in for a name that the view does not tell in time. Never rejects. */
  async named(userIds: readonly number[]): Promise<Person[]> {
    const found = await Promise.all(userIds.map((id) => this.#person(id).catch(() => undefined)));
    return userIds.map((id, i) => found[i] ?? { id, username: `user${id}`, nickname: `user${id}` });
  }

  /** Whether there is such an account. UNAVAILABLE where the view cannot be asked. */
  async exists(userId: number): Promise<boolean> {
    return (await this.#person(userId)) !== undefined;
  }

  /** The groups that somebody is in and that are not dissolved. Never cached: it decides. UNAVAILABLE likewise. */
  async groupsOf(userId: number): Promise<readonly number[]> {
    return (await this.#memberships.get(userId))?.groups ?? [officialGroup.id];
  }

  async #person(id: number): Promise<Person | undefined> {
    const known = this.#names.get(id);
    if (known) return known;
    const entry = await this.#profiles.get(id);
    if (!entry) return undefined;
    const person = { id, username: entry.username, nickname: entry.nickname };
    this.#names.set(id, person);
    return person;
  }
}

/** A view that is opened when it is first asked, so that the service starts without it. */
class LateView<T> {
  #view: Promise<View<T>> | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly name: string,
  ) {}

  get(userId: number): Promise<T | undefined> {
    return inTime(this.#open().then((view) => view.get(String(userId))));
  }

  async #open(): Promise<View<T>> {
    this.#view ??= this.bus.view<T>(this.name);
    try {
      return await this.#view;
    } catch (error) {
      this.#view = undefined;
      throw error;
    }
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
