import { type ErrorCode, TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import { LRUCache } from 'lru-cache';
import { type Pair, pairKey, pairOf } from './pair.js';
import type { People } from './people.js';
import { pairOfRow, type Store } from './store.js';

const remembered = { max: 50_000 };

export interface Contact {
  readonly from: number;
  readonly to: number;
}

/** The conversation that a send goes to, or why there is to be none. */
export type Opening = number | TeahouseError;

/**
 * From two people to their conversation. Those who have talked before are looked up once and remembered: their id never
 * changes, and they may always go on. A first contact is judged here, and its conversation made, before the log sees it.
 */
export class Openings {
  /** Ids of conversations that hold a message, by `pairKey`. */
  readonly #started = new LRUCache<string, number>(remembered);

  constructor(
    private readonly store: Store,
    private readonly people: People,
    private readonly log: Log,
  ) {}

  /** The conversation of two people who are known to have talked. */
  known({ from, to }: Contact): number | undefined {
    return this.#started.get(pairKey(pairOf(from, to)));
  }

  remember(pair: Pair, id: number): void {
    this.#started.set(pairKey(pair), id);
  }

  /** One answer for each contact, in order. Never rejects. */
  async open(contacts: readonly Contact[]): Promise<Opening[]> {
    try {
      return await this.#open(contacts);
    } catch (error) {
      this.log.warn({ err: error }, 'first contacts could not be judged');
      const refusal =
        error instanceof TeahouseError ? error : new TeahouseError('INTERNAL', undefined, { cause: error });
      return contacts.map(() => refusal);
    }
  }

  async #open(contacts: readonly Contact[]): Promise<Opening[]> {
    const pairs = distinct(contacts.map(({ from, to }) => pairOf(from, to)));
    const ids = await this.#find(pairs);
    const first = contacts.filter((contact) => this.known(contact) === undefined);
    const refusals = first.length > 0 ? await this.#judge(first) : new Map<string, ErrorCode>();
    const wanted = distinct(
      first.filter((contact) => !refusals.has(contactKey(contact))).map(({ from, to }) => pairOf(from, to)),
    );
    const missing = wanted.filter((pair) => !ids.has(pairKey(pair)));
    if (missing.length > 0) {
      await this.store.create(missing);
      for (const [key, id] of await this.#find(missing)) ids.set(key, id);
    }
    return contacts.map((contact) => {
      const code = refusals.get(contactKey(contact));
      const id = ids.get(pairKey(pairOf(contact.from, contact.to)));
      return code === undefined && id !== undefined ? id : new TeahouseError(code ?? 'UNAVAILABLE');
    });
  }

  async #find(pairs: readonly Pair[]): Promise<Map<string, number>> {
    const rows = await this.store.findAll(pairs);
    for (const row of rows) if (row.lastSeq > 0) this.remember(pairOfRow(row), row.id);
    return new Map(rows.map((row) => [pairKey(pairOfRow(row)), row.id]));
  }

  /** Why each of these first contacts is refused, by `contactKey`; none for those that are allowed. */
  async #judge(contacts: readonly Contact[]): Promise<Map<string, ErrorCode>> {
    const blocked = new Set(
      (await this.store.blockedAmong(contacts.map(({ from, to }) => [from, to]))).map(([a, b]) =>
        pairKey(pairOf(a, b)),
      ),
    );
    const groups = new Map<number, Promise<readonly number[]>>();
    const groupsOf = (userId: number): Promise<readonly number[]> => {
      const asked = groups.get(userId) ?? this.people.groupsOf(userId);
      groups.set(userId, asked);
      return asked;
    };
    const judge = async ({ from, to }: Contact): Promise<ErrorCode | undefined> => {
      const [exists, mine, theirs] = await Promise.all([this.people.exists(to), groupsOf(from), groupsOf(to)]);
      if (!exists) return 'NOT_FOUND';
      if (blocked.has(pairKey(pairOf(from, to)))) return 'BLOCKED';
      return mine.some((id) => theirs.includes(id)) ? undefined : 'NO_COMMON_GROUP';
    };
    const refusals = new Map<string, ErrorCode>();
    const unique = new Map(contacts.map((contact) => [contactKey(contact), contact]));
    await Promise.all(
      [...unique].map(async ([key, contact]) => {
        const code = await judge(contact).catch((): ErrorCode => 'UNAVAILABLE');
        if (code !== undefined) refusals.set(key, code);
      }),
    );
    return refusals;
  }
}

const contactKey = ({ from, to }: Contact): string => `${from} ${to}`;

function distinct(pairs: readonly Pair[]): Pair[] {
  return [...new Map(pairs.map((pair) => [pairKey(pair), pair])).values()];
}
