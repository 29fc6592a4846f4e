import { type Bus, call } from '@teahouse/bus';
import { type CallReply, groupCalls, limits } from '@teahouse/contracts';
import { CrowdReader } from './crowd-reader.js';

/** What a member has missed of a group: at most `limit` messages after `afterSeq`. */
export interface CatchUp {
  readonly userId: number;
  readonly groupId: number;
  readonly afterSeq: number;
  readonly limit: number;
}

type Page = CallReply<typeof groupCalls.catchUp>['pages'][number];

/** Pages of groups for those who come back: thousands at once after a network has failed, and each in several groups. */
export class CatchUps {
  readonly #reader: CrowdReader<CatchUp, Page | 'alone'>;

  constructor(bus: Bus) {
    this.#reader = new CrowdReader(async (items, timeoutMs) => {
      const { pages, answers } = await call(bus, groupCalls.catchUp, { items }, { timeoutMs });
      return items.map((_, index) => {
        const answer = answers[index] ?? 'alone';
        if (answer === 'again') return undefined;
        return (answer === 'alone' ? undefined : pages[answer]) ?? 'alone';
      });
    }, limits.catchUps);
  }

  /** The page, or `alone` where `history` is to be asked. Rejects as calls do. */
  of(ask: CatchUp, timeoutMs: number): Promise<Page | 'alone'> {
    return this.#reader.of(ask, timeoutMs);
  }
}
