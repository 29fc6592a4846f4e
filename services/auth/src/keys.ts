import { readFileSync } from 'node:fs';
import { ConfigError } from '@teahouse/service-kit';
import { classify, type Database } from '@teahouse/service-kit/database';
import { SigningKeyRow } from './entities.js';
import { makeSigningKey, readSigningKey, type SigningKey } from './tokens.js';
import { type AuthViews, slackMs } from './views.js';

/** After this long without a word, the instances that signed with a key are taken to be gone or to have another. */
const unusedMs = 120_000;

/**
 * The signing keys in use. Whoever signs with a key says so every half minute; a key that nobody has said that of for a
 * token's life and a minute is forgotten everywhere. So a key that the operator replaced goes by itself.
 */
export class KeyRing {
  private constructor(
    /** The key that this instance signs with. */
    readonly active: SigningKey,
    private readonly database: Database,
    private readonly views: AuthViews,
    private readonly tokenTtlMs: number,
  ) {}

  /**
   * Takes the key from the file, or the one in the database, which the first instance makes.
   * @throws ConfigError where the file cannot be read or holds no P-256 key.
   */
  static async open(
    database: Database,
    views: AuthViews,
    config: { file?: string; tokenTtlMs: number },
  ): Promise<KeyRing> {
    const active = config.file === undefined ? await madeKey(database) : keyOfFile(config.file);
    return new KeyRing(active, database, views, config.tokenTtlMs);
  }

  /** Says that the active key is in use, and makes the view hold exactly the keys whose tokens may be alive. */
  async publish(): Promise<void> {
    const { kid, publicKey } = this.active;
    try {
      await this.#markUsed();
    } finally {
      // A view that was lost has to come back even when the database is away.
      await this.views.putKey({ kid, publicKey });
    }
    // Listed first: whoever puts a key into the view has its row in the table before.
    const shown = await this.views.keyIds();
    const rows = await this.database.read((manager) => manager.find(SigningKeyRow));
    const now = Date.now();
    const alive = new Set([kid]);
    for (const row of rows) {
      if (row.kid === kid) continue;
      const until = row.usedTime + this.tokenTtlMs + slackMs;
      if (until <= now && (await this.#forget(row))) continue;
      alive.add(row.kid);
      await this.views.putKey({
        kid: row.kid,
        publicKey: row.publicKey,
        ...(row.usedTime < now - unusedMs ? { until } : {}),
      });
    }
    for (const id of shown) if (!alive.has(id)) await this.views.deleteKey(id);
  }

  async #markUsed(): Promise<void> {
    const { kid, publicKey } = this.active;
    const now = Date.now();
    await this.database.transaction(async (manager) => {
      const { affected } = await manager.update(SigningKeyRow, { kid }, { usedTime: now });
      if (affected === 1) return;
      const inserted = manager.insert(SigningKeyRow, {
        kid,
        made: null,
        privateKey: null,
        publicKey,
        createTime: now,
        usedTime: now,
      });
      await inserted.catch(ignoreDuplicate);
    });
  }

  /** False where somebody signed with it meanwhile. */
  async #forget({ kid, usedTime }: SigningKeyRow): Promise<boolean> {
    const { affected } = await this.database.transaction((manager) => manager.delete(SigningKeyRow, { kid, usedTime }));
    return affected === 1;
  }
}

function keyOfFile(file: string): SigningKey {
  try {
    return readSigningKey(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new ConfigError('JWT_PRIVATE_KEY_FILE must be the path of a readable PEM file with a P-256 private key.', {
      cause,
    });
  }
}

async function madeKey(database: Database): Promise<SigningKey> {
  const privateKey = makeSigningKey();
  const { kid, publicKey } = readSigningKey(privateKey);
  const now = Date.now();
  const kept = () => database.read((manager) => manager.findOneBy(SigningKeyRow, { made: 1 }));
  if ((await kept()) === null) {
    const row = { kid, made: 1, privateKey, publicKey, createTime: now, usedTime: now };
    await database.transaction((manager) => manager.insert(SigningKeyRow, row)).catch(ignoreDuplicate);
  }
  // Read again: of several first instances one has won.
  const pem = (await kept())?.privateKey;
  if (pem === undefined || pem === null) throw new Error('The signing key in the database is incomplete.');
  return readSigningKey(pem);
}

function ignoreDuplicate(error: unknown): void {
  if (classify(error) !== 'duplicate') throw error;
}
