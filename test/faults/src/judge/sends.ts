import type { Ledger, Sent } from '../ledger.js';
import type { Members } from '../members.js';
import type { Message, Place } from '../message.js';
import { type Violation, violation } from '../violation.js';

/** What is known of the logs of all places so far. */
export interface Logs {
  /** `place:seq` of every message that carries a `clientId`, by that. */
  readonly placeOf: Map<string, string>;
  readonly members: Members;
}

export const freshLogs = (members: Members): Logs => ({ placeOf: new Map(), members });

/**
 * Judges what history shows of one place after `after`: no hole, nothing that nobody sent, nothing twice, the content and
 * the sender as they were sent, and nobody who was not a member when it was stored.
 */
export function judgeLog(
  place: Place,
  after: number,
  log: readonly Message[],
  ledger: Ledger,
  logs: Logs,
): Violation[] {
  const found: Violation[] = [];
  let expected = after + 1;
  for (const message of log) {
    const { seq, clientId, from } = message;
    if (seq < expected) found.push(violation('doubled', `History shows ${place} ${seq} again.`));
    if (seq > expected) found.push(violation('lost', `History of ${place} goes from ${expected - 1} to ${seq}.`));
    expected = Math.max(expected, seq + 1);
    logs.members.apply(message);
    if (message.kind === 'notice') continue;
    found.push(...judgeEntry(message, clientId === undefined ? undefined : ledger.find(clientId)));
    if (!logs.members.at(from, place, seq))
      found.push(violation('foreign', `${place} ${seq} was stored for ${from}, who was no member.`));
    if (clientId === undefined) continue;
    const before = logs.placeOf.get(clientId);
    if (before !== undefined && before !== `${place}:${seq}`)
      found.push(violation('doubled', `${clientId} is stored as ${before} and as ${place}:${seq}.`));
    logs.placeOf.set(clientId, `${place}:${seq}`);
  }
  return found;
}

function judgeEntry({ place, seq, from, content, clientId }: Message, sent: Sent | undefined): Violation[] {
  if (!sent) return [violation('foreign', `${place} ${seq} (${clientId}) was sent by nobody.`)];
  if (sent.place === place && sent.from === from && sent.content === content) return [];
  return [violation('wrong', `${place} ${seq} is not what was sent: ${from}, ${content}`)];
}

/** Judges the acks: each names the one place in history where its message stands, and those of a line are in its order. */
export function judgeAcks(settled: readonly Sent[], logs: Logs, ids: ReadonlyMap<string, string>): Violation[] {
  const found: Violation[] = [];
  const lines = new Map<string, number>();
  for (const sent of [...settled].sort((a, b) => a.turn - b.turn)) {
    const { ack, clientId, place, line } = sent;
    if (sent.fate === 'refused' && logs.placeOf.has(clientId))
      found.push(violation('wrong', `${clientId} was refused and is stored as ${logs.placeOf.get(clientId)}.`));
    if (!ack) continue;
    const where = `${place}:${ack.seq}`;
    const stored = logs.placeOf.get(clientId);
    if (stored === undefined) found.push(violation('lost', `${clientId} was acked as ${where} and is not in history.`));
    else if (stored !== where)
      found.push(violation('wrong', `${clientId} was acked as ${where} and is stored as ${stored}.`));
    else if (ids.get(where) !== undefined && ids.get(where) !== ack.id)
      found.push(violation('wrong', `${where} was acked with the id ${ack.id} and is stored with ${ids.get(where)}.`));
    // What had to be sent again keeps no order with what was sent meanwhile. (The SDK waits, and tries once as seen here.)
    if (sent.tries > 1) continue;
    const key = `${line} ${place}`;
    const last = lines.get(key) ?? 0;
    if (ack.seq < last) found.push(violation('reordered', `${clientId} of ${key} got ${ack.seq} after ${last}.`));
    lines.set(key, Math.max(last, ack.seq));
  }
  return found;
}
