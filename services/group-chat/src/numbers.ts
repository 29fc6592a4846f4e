import { groupStates, joinPolicies, memberRights } from '@teahouse/contracts';

/* The words of the protocol as they stand in the tables: a word's number is its place in the contract's list. */

const numbered = <const W extends readonly string[]>(words: W) =>
  Object.fromEntries(words.map((word, number) => [word, number])) as Readonly<Record<W[number], number>>;

export const State = numbered(groupStates);
export const Rights = numbered(memberRights);
export const Policy = numbered(joinPolicies);

/** The word of a number. Throws on a number that no migration allows. */
export function wordOf<W extends string>(words: readonly W[], number: number): W {
  const word = words[number];
  if (word === undefined) throw new RangeError(`no word for ${number} in ${words.join(', ')}`);
  return word;
}
