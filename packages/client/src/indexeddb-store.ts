import { keyOf, type Place, type ReceivedMessage } from './frames.js';
import { randomId } from './random-id.js';
import { type ChatStore, type KeptOutgoing, merged, type UserStore } from './store.js';

interface OutgoingRow extends KeptOutgoing {
  readonly user: number;
  readonly owner: string;
}

interface RecentRow {
  readonly user: number;
  readonly place: string;
  readonly messages: ReceivedMessage[];
}

/** Without Web Locks (pages that were not loaded over TLS) whoever kept a message is believed to be gone after so long. */
const goneMs = 60_000;

/**
 * Keeps everything in the browser's IndexedDB. Each tab sends what it kept itself; what a tab left behind that is gone,
 * closed or crashed, is adopted by one of the others. A Web Lock that a tab holds for its life tells that it is there. Where
 * there are none, two tabs may send the same message: the server knows it by its clientId and stores it once.
 */
export function indexedDbStore({ name = 'teahouse' }: { readonly name?: string } = {}): ChatStore {
  return {
    async open(userId) {
      const database = await openDatabase(name);
      const owner = `${name}.${randomId()}`;
      return new IndexedDbUserStore(database, name, userId, owner, await holdLock(owner));
    },
  };
}

class IndexedDbUserStore implements UserStore {
  readonly #database: IDBDatabase;
  readonly #name: string;
  readonly #user: number;
  readonly #owner: string;
  readonly #release: () => void;

  constructor(database: IDBDatabase, name: string, user: number, owner: string, release: () => void) {
    this.#database = database;
    this.#name = name;
    this.#user = user;
    this.#owner = owner;
    this.#release = release;
  }

  async adopt(): Promise<KeptOutgoing[]> {
    return await alone(`${this.#name}.adopt`, async () => {
      const alive = await locksHeld();
      const isGone = ({ owner, since }: OutgoingRow) =>
        alive === undefined ? owner !== this.#owner && Date.now() - since > goneMs : !alive.has(owner);
      return await this.#write('outgoing', async (table) => {
        const rows = (await done(table.index('user').getAll(this.#user))) as OutgoingRow[];
        const free = rows.filter(isGone);
        for (const row of free) table.put({ ...row, owner: this.#owner });
        return free.map(({ user: _, owner: __, ...message }) => message);
      });
    });
  }

  async put(message: KeptOutgoing): Promise<void> {
    const row: OutgoingRow = { ...message, user: this.#user, owner: this.#owner };
    await this.#write('outgoing', (table) => done(table.put(row)));
  }

  async remove(clientId: string): Promise<void> {
    await this.#write('outgoing', (table) => done(table.delete(clientId)));
  }

  async keep(place: Place, messages: readonly ReceivedMessage[]): Promise<void> {
    const key = [this.#user, keyOf(place)];
    await this.#write('recent', async (table) => {
      const row = (await done(table.get(key))) as RecentRow | undefined;
      table.put({ user: this.#user, place: keyOf(place), messages: merged(row?.messages ?? [], messages) });
    });
  }

  async recent(place: Place): Promise<ReceivedMessage[]> {
    const table = this.#database.transaction('recent').objectStore('recent');
    const row = (await done(table.get([this.#user, keyOf(place)]))) as RecentRow | undefined;
    return row?.messages ?? [];
  }

  async clear(): Promise<void> {
    for (const name of ['outgoing', 'recent'] as const) {
      await this.#write(name, async (table) => {
        for (const key of await done(table.index('user').getAllKeys(this.#user))) table.delete(key);
      });
    }
  }

  async close(): Promise<void> {
    this.#database.close(); // Waits for its transactions.
    this.#release();
  }

  /** Resolves once the transaction is on disk. */
  async #write<T>(name: 'outgoing' | 'recent', work: (table: IDBObjectStore) => Promise<T>): Promise<T> {
    const transaction = this.#database.transaction(name, 'readwrite');
    const complete = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    complete.catch(() => {}); // The request that failed tells it as well.
    const result = await work(transaction.objectStore(name));
    await complete;
    return result;
  }
}

async function openDatabase(name: string): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => {
    const outgoing = opening.result.createObjectStore('outgoing', { keyPath: 'clientId' });
    const recent = opening.result.createObjectStore('recent', { keyPath: ['user', 'place'] });
    for (const table of [outgoing, recent]) table.createIndex('user', 'user');
  };
  const database = await done(opening);
  // Another tab deletes it, or has a later version of it: that one would wait for us.
  database.onversionchange = () => database.close();
  return database;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function locks(): LockManager | undefined {
  return (globalThis.navigator as Navigator | undefined)?.locks;
}

/** Holds a lock until the function returned is called, or this page is gone. */
async function holdLock(name: string): Promise<() => void> {
  const manager = locks();
  if (manager === undefined) return () => {};
  return await new Promise((resolve, reject) => {
    manager.request(name, () => new Promise<void>((release) => resolve(release))).catch(reject);
  });
}

/** The names of all locks held in any tab; undefined where there are no locks. */
async function locksHeld(): Promise<Set<string> | undefined> {
  const { held } = (await locks()?.query()) ?? {};
  return held && new Set(held.map(({ name }) => name ?? ''));
}

/** Does something while no other tab does it. */
async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const manager = locks();
  return manager === undefined ? await work() : await manager.request(name, work);
}
