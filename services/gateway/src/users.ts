import type { Bus } from '@teahouse/bus';
import { type ProfileEntry, type User, views } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import type { Holder } from './tokens.js';
import { LateView } from './views.js';

/** Names and roles of users, from what auth leaves on the bus. */
export class Users {
  readonly #profiles: LateView<ProfileEntry>;
  readonly #log: Log;

  constructor(bus: Bus, log: Log) {
    this.#log = log;
    this.#profiles = new LateView(bus, views.profiles, log);
  }

  /** The user behind a token. Where the profile cannot be read the token speaks, and the nickname is the username. */
  async of(holder: Holder): Promise<User> {
    try {
      const profile = await this.#profiles.get(String(holder.userId));
      if (profile) return profile;
    } catch (err) {
      this.#log.warn({ err }, 'profiles cannot be looked up');
    }
    return { id: holder.userId, username: holder.username, nickname: holder.username, role: holder.role };
  }

  close(): void {
    this.#profiles.close();
  }
}
