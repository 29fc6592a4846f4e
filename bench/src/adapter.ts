import type { Workload } from './workloads.js';

/**
 * What one connection tells the load: positions are what the server counts a conversation's messages by. Where people talk
 * in several groups at once `thread` says in which, numbered alike by all of its members.
 */
export interface MemberEvents {
  /** The message sent with `ref` is stored and published. */
  acked(ref: number, seq: number, thread?: number): void;
  /** A message of somebody else. `verified` is false where its content or its place was wrong; a sampled one tells its content. */
  delivered(seq: number, verified: boolean, content?: string, thread?: number): void;
  /** Anything that a run without faults does not see: an error answer, a closed connection. */
  failed(reason: string): void;
  /** Any other frame; tells that the server still has something to say before a run. */
  noticed(): void;
}

/** One connected user. */
export interface Member {
  /** Sends `content` into the user's conversation; `ref` comes back with the ack. */
  send(ref: number, content: string): void;
  close(): void;
}

/** Accounts and groups of one workload, made once and used by every round. */
export interface Stage {
  connect(user: number, events: MemberEvents): Promise<Member>;
  /** How many messages of conversations of this kind the database holds, asked where an ack by itself does not prove it. */
  stored?(): Promise<number>;
}

/** A chat protocol as the load generator speaks it. */
export interface Adapter {
  name: string;
  /** Whether the server promises each conversation's order to its readers; where not, disorder is only counted. */
  promisesOrder: boolean;
  prepare(workload: Workload, progress: (text: string) => void): Promise<Stage>;
}

/** Deliveries whose whole JSON is parsed and compared: one in this many a connection, the first included. */
export const SAMPLE_EVERY = 128;

/** Runs `work` for each item, `width` at a time. The first error ends it. */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>) {
  let next = 0;
  const lanes = Array.from({ length: Math.min(width, items.length) }, async () => {
    while (next < items.length) {
      const item = items[next] as T;
      next += 1;
      await work(item);
    }
  });
  await Promise.all(lanes);
}
