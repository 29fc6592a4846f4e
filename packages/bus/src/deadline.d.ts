/** Longest time that closing, draining and stopping wait for work under way. */
export declare const drainMs = 5000;
/** True when `work` settled within `ms`. Never rejects; the work itself goes on. */
export declare function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean>;
/** A pause that `wake` ends early. */
export declare class Pause {
  #private;
  for(ms: number): Promise<void>;
  wake(): void;
}
