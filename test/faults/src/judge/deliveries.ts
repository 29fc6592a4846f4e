import type { Ledger } from '../ledger.js';
import type { Members } from '../members.js';
import { type Message, membersOfPair, type Place } from '../message.js';
import { type Violation, violation } from '../violation.js';
import type { Heard, Testimony, Witness } from '../witness.js';

/** The part of the log of a place that is judged now: what came after `after`, up to `last`. */
export interface Window {
  readonly after: number;
  last: number;
  readonly bySeq: Map<number, Message>;
}

export type Windows = ReadonlyMap<Place, Window>;

type Say = (kind: Violation['kind'], text: string) => void;

/**
 * Judges what a client heard since the last time, against what history shows: everything that was its to hear, once and in
 * order on each line, as it was stored, and nothing after it was put out. Forgets what it has judged.
 */
export function judgeWitness(witness: Witness, windows: Windows, members: Members, ledger: Ledger): Violation[] {
  const found: Violation[] = [];
  const say: Say = (kind, text) => found.push(violation(kind, `${witness.name}: ${text}`));
  if (!witness.gone) found.push(...missingOf(witness, windows, members, ledger));
  for (const [place, testimony] of witness.places) {
    const before = new Set<number>();
    for (const one of testimony.heard) {
      if (!one.judged) judgeLine(place, one, testimony, before, say);
      judgeMessage(witness.userId, place, one, windows.get(place)?.bySeq.get(one.seq), members, say);
      before.add(one.seq);
    }
    const { position } = testimony;
    const judged = Math.max(position ?? 0, windows.get(place)?.last ?? 0);
    if (position !== undefined) testimony.position = judged;
    // What came after history was read is judged next time as well.
    testimony.heard = testimony.heard
      .filter(({ seq }) => seq > judged)
      .map((one) => ({ ...one, judged: true as const }));
    testimony.told = [];
  }
  return found;
}

function judgeLine(place: Place, { seq, line, way }: Heard, testimony: Testimony, before: Set<number>, say: Say): void {
  if (way !== 'live' && way !== 'merged') return;
  const last = testimony.lines.get(line);
  if (last !== undefined && seq <= last) {
    const again = seq === last || before.has(seq);
    say(again ? 'doubled' : 'reordered', `${place} ${seq} came after ${last} on ${line}.`);
  }
  testimony.lines.set(line, Math.max(seq, last ?? 0));
}

function judgeMessage(
  userId: number,
  place: Place,
  { seq, message, way }: Heard,
  stored: Message | undefined,
  members: Members,
  say: Say,
): void {
  if (!message) return;
  // Who is a member reads what was said before, and the SDK does; what is pushed is for those of that moment.
  const allowed = way === 'live' ? members.at(userId, place, seq) : members.mayKnow(userId, place, seq);
  if (!allowed) say('foreign', `heard ${place} ${seq} without being a member.`);
  if (!stored) return;
  const same = message.id === stored.id && message.from === stored.from && message.content === stored.content;
  if (!same) say('wrong', `${place} ${seq} differs from history: ${JSON.stringify(message)}`);
}

/** What the client should have heard by now and has not. Changes nothing, so that it may be asked until nothing is missing. */
export function missingOf(witness: Witness, windows: Windows, members: Members, ledger: Ledger): Violation[] {
  const found: Violation[] = [];
  const { userId, name } = witness;
  for (const [place, window] of windows) {
    if (!members.now(userId, place)) continue;
    const testimony = witness.places.get(place);
    const start = testimony?.position ?? (membersOfPair(place) && witness.knowsAll ? window.after : undefined);
    if (start === undefined) {
      found.push(violation('lost', `${name}: was never told of ${place}, up to ${window.last}.`));
      continue;
    }
    const heard = new Set(testimony?.heard.map(({ seq }) => seq));
    // Who came in meanwhile begins where the server told, and not before the notice of it.
    const entered = members.since(userId, place);
    const begins =
      entered > start ? Math.max(entered - 1, ...(testimony?.told ?? []).filter((seq) => seq >= entered)) : 0;
    for (let seq = Math.max(start, begins) + 1; seq <= window.last; seq++) {
      if (heard.has(seq) || isSecret(window.bySeq.get(seq), userId, ledger)) continue;
      found.push(violation('lost', `${name}: ${place} ${seq} never came (${start} to ${window.last}).`));
    }
  }
  return found;
}

/** Who let an own send go is told by no ack that it was stored after all, and its own connection does not hear it either. */
function isSecret(stored: Message | undefined, userId: number, ledger: Ledger): boolean {
  if (stored?.from !== userId || stored.clientId === undefined) return false;
  return ledger.find(stored.clientId)?.fate === 'dropped';
}
