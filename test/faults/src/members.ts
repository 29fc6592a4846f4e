import { type Message, membersOfPair, officialGroup, type Place } from './message.js';

interface Stay {
  readonly from: number;
  /** `seq` of the notice that ended it, which is still theirs. */
  through: number;
}

/** Who was in which conversation at which `seq`, read from the notices in its own log. */
export class Members {
  readonly #stays = new Map<string, Stay[]>();

  /** Takes the log of a place in order, from its first message on. */
  apply({ place, seq, notice }: Message): void {
    if (!notice || notice.userId === undefined) return;
    const key = `${place}:${notice.userId}`;
    const stays = this.#stays.get(key) ?? [];
    this.#stays.set(key, stays);
    const last = stays.at(-1);
    const inside = last !== undefined && last.through === Number.POSITIVE_INFINITY;
    if ((notice.event === 'created' || notice.event === 'joined') && !inside)
      stays.push({ from: seq, through: Number.POSITIVE_INFINITY });
    if (['left', 'removed', 'banned'].includes(notice.event) && inside) last.through = seq;
  }

  /** Was the user in the place when `seq` was given out? */
  at(userId: number, place: Place, seq: number): boolean {
    return (
      this.#always(userId, place) ?? this.#of(userId, place).some((stay) => stay.from <= seq && seq <= stay.through)
    );
  }

  /** May the user have heard `seq` in any way? Who is a member reads the old history too, until leaving. */
  mayKnow(userId: number, place: Place, seq: number): boolean {
    return this.#always(userId, place) ?? this.#of(userId, place).some((stay) => seq <= stay.through);
  }

  now(userId: number, place: Place): boolean {
    return this.at(userId, place, Number.MAX_SAFE_INTEGER);
  }

  /** The `seq` of the notice that the present stay began with; 0 for who was always there, or is not there now. */
  since(userId: number, place: Place): number {
    const last = this.#of(userId, place).at(-1);
    return last?.through === Number.POSITIVE_INFINITY && !this.#always(userId, place) ? last.from : 0;
  }

  #of(userId: number, place: Place): readonly Stay[] {
    return this.#stays.get(`${place}:${userId}`) ?? [];
  }

  #always(userId: number, place: Place): boolean | undefined {
    const pair = membersOfPair(place);
    if (pair) return pair.includes(userId);
    // Everybody is in the official group from the first login on, and nobody leaves it here.
    return place === officialGroup ? true : undefined;
  }
}
