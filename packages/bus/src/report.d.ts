import type { BusLog } from './port.js';
/** Hands errors on, whatever the receiver does: one that throws itself is ignored, for there is nobody left to tell. */
export declare function reporter(onError: (error: unknown) => void): (error: unknown) => void;
/** Where errors go that nobody asked for: the log, or nowhere. */
export declare function logErrors(log: BusLog | undefined, sentence: string, fields: object): (error: unknown) => void;
