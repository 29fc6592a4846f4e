import type { Run } from './track.js';

interface OpenRun extends Run {
  readonly frames: Uint8Array[];
  readonly senders: string[];
}

/** What one answer says was stored, gathered to runs as events would tell them. `Place` names a conversation. */
export class Answered<Place> {
  readonly runs: { readonly place: Place; readonly run: Run }[] = [];
  readonly #last = new Map<number | string, OpenRun>();

  /**
   * @param key equal for equal places
   * @param frame the ready client frame
   * @param sender the connection that sent it
   */
  add(key: number | string, place: Place, seq: number, frame: string, sender: string): void {
    let run = this.#last.get(key);
    if (run === undefined || seq !== run.first + run.frames.length) {
      run = { first: seq, frames: [], senders: [] };
      this.#last.set(key, run);
      this.runs.push({ place, run });
    }
    run.frames.push(Buffer.from(frame));
    run.senders.push(sender);
  }
}
