import type { Answer, Domain } from '../probe.js';
import { type Violation, violation } from '../violation.js';

/** What a fault may do to those outside, as the protocol promises it. */
export interface Effect {
  /** May answer `UNAVAILABLE` while the fault lasts and for five seconds after it. What is not named goes on. */
  readonly down: readonly Domain[];
  /** One of several instances is gone: may answer `UNAVAILABLE` for ten seconds, whether the fault lasts or not. */
  readonly hiccup: readonly Domain[];
  /** The gateway or the way to it is hit: connections may be lost. Otherwise nobody has to connect again. */
  readonly drops: boolean;
}

export const answerWithinMs = 2_000;
export const backWithinMs = 5_000;
export const replacedWithinMs = 10_000;

export interface Times {
  /** When it began. */
  readonly injectedAt: number;
  /** When all of it had been done: instances that are restarted in turn take their time. */
  readonly hitAt: number;
  readonly healedAt: number;
}

/** @param slackMs what a busy machine may add to each promised time */
export function judgePromises(answers: readonly Answer[], effect: Effect, times: Times, slackMs: number): Violation[] {
  return answers.flatMap((answer) => {
    const wrong = complaintAbout(answer, effect, times, slackMs);
    if (!wrong) return [];
    const after = answer.startedAt - times.injectedAt;
    return [
      violation(
        'promise',
        `${answer.domain}, ${after} ms after the fault: ${answer.outcome} in ${answer.ms} ms; ${wrong}`,
      ),
    ];
  });
}

function complaintAbout(
  { domain, startedAt, ms, outcome }: Answer,
  { down, hiccup, drops }: Effect,
  { injectedAt, hitAt, healedAt }: Times,
  slackMs: number,
): string | undefined {
  if (drops && (outcome.startsWith('closed') || outcome === 'silent')) return undefined;
  if (ms > answerWithinMs + slackMs && !drops) return 'later than two seconds';
  if (outcome === 'ok') return undefined;
  if (outcome !== 'UNAVAILABLE') return 'neither done nor UNAVAILABLE';
  if (down.includes(domain)) {
    return startedAt > healedAt + backWithinMs + slackMs ? 'not back within five seconds' : undefined;
  }
  if (hiccup.includes(domain)) {
    return startedAt > hitAt + replacedWithinMs + slackMs ? 'not replaced within ten seconds' : undefined;
  }
  return startedAt >= injectedAt ? 'it should have gone on' : 'before the fault';
}
