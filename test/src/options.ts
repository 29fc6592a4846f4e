/** A command line that cannot be served; whoever gave it is told the sentence and the usage, see scripts/lib/run.mjs. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The number that an option was given. Throws `UsageError` unless it lies between `from` and `to`. */
export function numberOption(option: string, text: string, from: number, to = Number.POSITIVE_INFINITY): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= from && value <= to))
    throw new UsageError(`--${option} must be a number ${range(from, to)}.`);
  return value;
}

export function wholeOption(option: string, text: string, from: number, to = Number.MAX_SAFE_INTEGER): number {
  const value = numberOption(option, text, from, to);
  if (!Number.isInteger(value)) throw new UsageError(`--${option} must be a whole number.`);
  return value;
}

/** One of `known`; `what` names what it is. Throws `UsageError` that lists them all. */
export function oneOf<T extends string>(what: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new UsageError(`There is no ${what} "${text}"; there are ${known.join(', ')}.`);
  return found;
}

const range = (from: number, to: number) =>
  to === Number.POSITIVE_INFINITY || to === Number.MAX_SAFE_INTEGER ? `from ${from}` : `from ${from} to ${to}`;
