import { type Bus, BusFailure, call } from '@teahouse/bus';
import { type CallReply, groupCalls, limits, TeahouseError } from '@teahouse/contracts';
import { CrowdReader } from './crowd-reader.js';

/** What a member has missed of a group: at most `limit` messages after `afterSeq`. */
export interface CatchUp {
  readonly userId: number;
  readonly groupId: number;
  readonly afterSeq: number;
  readonly limit: number;
}

/** A frame has 1.8 s when it comes. */
const unhurriedMs = 1600;

type Page = CallReply<typeof groupCalls.catchUp>['pages'][number];

/** Pages of groups for those who come back: thousands at once after a network has failed, and each in several groups. */
export class CatchUps {
  readonly #reader: CrowdReader<CatchUp, Page | 'alone'>;

  constructor(bus: Bus) {
    this.#reader = new CrowdReader(async (items, timeoutMs) => {
      const { pages, answers } = await call(bus, groupCalls.catchUp, { items }, { timeoutMs });
      return items.map((_, index) => {
        const answer = answers[index] ?? 'alone';
        return (answer === 'alone' ? undefined : pages[answer]) ?? 'alone';
      });
    }, limits.catchUps);
  }

  /**
   * The page, or `alone` where `history` is to be asked. Rejects with UNAVAILABLE where no answer came in time.
   * @param leftMs for the frame's answer; with little left it is not to wait for others, or to hurry them
   */
  async of(ask: CatchUp, leftMs: number): Promise<Page | 'alone'> {
    if (leftMs < unhurriedMs) return 'alone';
    try {
      return await this.#reader.of(ask);
    } catch (error) {
      // What is wrong with one page is not so with all, and an older instance does not know the question.
      const unasked =
        error instanceof TeahouseError && error.cause instanceof BusFailure && error.cause.reason === 'no-responders';
      if (!unasked && error instanceof TeahouseError && error.code === 'UNAVAILABLE') throw error;
      return 'alone';
    }
  }
}
