import type { BusLog } from './port.js';

/** Hands an error on, whatever the receiver does: one that throws itself is ignored, for there is nobody left to tell. */
export function report(onError: (error: unknown) => void, error: unknown): void {
  try {
    onError(error);
  } catch {}
}

/** As `report`, again and again. */
export function reporter(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => report(onError, error);
}

/** Where errors go that nobody asked for: the log, or nowhere. */
export function logErrors(log: BusLog | undefined, sentence: string, fields: object): (error: unknown) => void {
  return reporter((error) => log?.error({ ...fields, err: error }, sentence));
}
