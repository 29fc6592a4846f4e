/** Milliseconds since 1970 that never run backwards within one log, so that times of a conversation rise with `seq`. */
export type Clock = () => number;

export function createClock(): Clock {
  let last = 0;
  return () => {
    last = Math.max(last, Date.now());
    return last;
  };
}
