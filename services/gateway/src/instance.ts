import { randomBytes } from 'node:crypto';

/** A name that no other gateway process has: six random characters. */
export const instanceId = (): string => Array.from(randomBytes(6), (byte) => (byte % 36).toString(36)).join('');

/** Ids of connections that no other gateway gives out: the name of the process, then a counter. */
export function connectionIds(instance: string): () => string {
  let last = 0;
  return () => {
    last += 1;
    return `${instance}-${last.toString(36)}`;
  };
}
