import { classify, type Database } from '@teahouse/service-kit/database';
import { TokenLifeRow } from './entities.js';

/**
 * How long the tokens live that may be alive: TOKEN_TTL_SECONDS of now, or a longer one of before. Every instance says with
 * which life it signs; a life is forgotten when no token that was given it can be alive.
 */
export class TokenLives {
  #longestMs: number;

  constructor(
    private readonly database: Database,
    private readonly ownMs: number,
    /** For clocks to differ, and more than the time between two calls of `note`. */
    private readonly slackMs: number,
  ) {
    this.#longestMs = ownMs;
  }

  get longestMs(): number {
    return this.#longestMs;
  }

  /** Says that this instance signs, and learns of the others. */
  async note(): Promise<void> {
    const now = Date.now();
    const lifeMs = this.ownMs;
    await this.database.transaction(async (manager) => {
      const { affected } = await manager.update(TokenLifeRow, { lifeMs }, { usedTime: now });
      if (affected === 1) return;
      await manager.insert(TokenLifeRow, { lifeMs, usedTime: now }).catch((error: unknown) => {
        if (classify(error) !== 'duplicate') throw error;
      });
    });
    const rows = await this.database.read((manager) => manager.find(TokenLifeRow));
    const alive = (row: TokenLifeRow) => row.usedTime + row.lifeMs + this.slackMs > now;
    this.#longestMs = Math.max(lifeMs, ...rows.filter(alive).map((row) => row.lifeMs));
    for (const row of rows) {
      // Left where an instance has begun to give it again.
      if (!alive(row)) await this.database.transaction((manager) => manager.delete(TokenLifeRow, { ...row }));
    }
  }
}
