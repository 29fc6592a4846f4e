import type { BusLog } from './port.js';

/** Hands errors on, whatever the receiver does: one that throws itself is ignored, for there is nobody left to tell. */
export function reporter(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      onError(error);
    } catch {}
  };
}

/** Where errors go that nobody asked for: the log, or nowhere. */
export function logErrors(log: BusLog | undefined, sentence: string, fields: object): (error: unknown) => void {
  return reporter((error) => log?.error({ ...fields, err: error }, sentence));
}
