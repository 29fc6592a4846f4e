import { gathered, whenDrained } from './drained.js';

/** Something with bytes for one socket. `flush` writes them, must not throw, and does nothing where there are none. */
export interface Writer {
  flush(): void;
  /** Kept here: it waits to be written soon, or with the next round. */
  answering: boolean;
  gathering: boolean;
}

/** A round of writing gives way to what comes in after this long, milliseconds. */
const sliceMs = 0.5;
/** After a round deliveries gather for this many times as long as the round took where the process is idle for most of its time, */
const leastShare = 1;
/** up to so many times where it is busy: fewer writes, so that more is left for all else, */
const mostShare = 8;
/** but never for longer than this, milliseconds. */
const longestRestMs = 40;
/**
 * Shares of its time that the event loop is busy: idle up to the first, busy from the second on. Where writing alone takes a
 * fifth, rests of five times a round grow to the longest by themselves: so it must not rest like that below. A gateway at
 * half of what two cores carry, all other processes on them, is busy for 0.4 to 0.5, a full one for 0.6 to 0.8.
 */
const idle = 0.45;
const busy = 0.65;
/** So much of what the last round found changes what is known. More, and rests would swing: after a long one the process looks idle. */
const weight = 1 / 8;

let answering: Writer[] = [];

/** Writes at the end of the turn. For what somebody waits for. */
export function writeSoon(writer: Writer): void {
  if (writer.answering) return;
  writer.answering = true;
  if (answering.push(writer) === 1) setImmediate(answer);
}

function answer(): void {
  const round = answering;
  answering = [];
  for (const writer of round) {
    writer.answering = false;
    writer.flush();
  }
}

let gathering: Writer[] = [];
let round: Writer[] = [];
let next = 0;
let spentMs = 0;
let restsUntil = 0;
let usedBefore = performance.eventLoopUtilization();
let utilization = 0;

/**
 * Writes with the next round. A write to a socket costs a system call however little it carries, so that deliveries of one
 * round to thousands of sockets hold up everything else: rounds go in slices, answers before each, and the more a round
 * cost and the busier the process is, the longer the next one gathers. At low load a round begins at once.
 */
export function writeInRound(writer: Writer): void {
  gathered();
  if (writer.gathering) return;
  writer.gathering = true;
  if (gathering.push(writer) === 1 && round.length === 0) begin();
}

function begin(): void {
  const rest = restsUntil - performance.now();
  if (rest <= 0) whenDrained(write);
  else setTimeout(write, rest);
}

function write(): void {
  answer();
  const began = performance.now();
  if (round.length === 0) {
    round = gathering;
    gathering = [];
    next = 0;
    spentMs = 0;
  }
  let now = began;
  while (next < round.length) {
    const writer = round[next] as Writer;
    writer.gathering = false;
    writer.flush();
    next += 1;
    if (next % 16 === 0) {
      now = performance.now();
      if (now - began > sliceMs) break;
    }
  }
  now = performance.now();
  spentMs += now - began;
  if (next < round.length) {
    setImmediate(write);
    return;
  }
  round = [];
  restsUntil = now + Math.min(longestRestMs, spentMs * restShare());
  if (gathering.length > 0) begin();
}

/** From how busy the event loop was in the last rounds and the rests between them. */
function restShare(): number {
  utilization += weight * (performance.eventLoopUtilization(usedBefore).utilization - utilization);
  usedBefore = performance.eventLoopUtilization();
  const load = Math.min(Math.max((utilization - idle) / (busy - idle), 0), 1);
  return leastShare + load * (mostShare - leastShare);
}
