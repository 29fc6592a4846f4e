import type { Bus } from '@teahouse/bus';
import {
  encodeEvent,
  iso,
  limits,
  privateMessageFrame,
  type RunHeader,
  type serverFrames,
  subjects,
} from '@teahouse/contracts';
import type { StoredMessage } from '@teahouse/message-log';
import type { Static } from 'typebox';
import type { Pair } from './pair.js';
import { otherOf } from './shapes.js';

/*
 * What the service says on the bus. All of it is said after the commit and at most once: the rows are the truth, and the
 * sweep repeats the newest seq of what moved.
 */

/** Left for the header without its senders. */
const headerBytes = 512;

/**
 * New messages of one conversation, to both people, in as few events as 256 KiB allow.
 * @param connectionIds for each message the connection that gets an ack instead; none for notices
 */
export function publishRun(
  bus: Bus,
  pair: Pair,
  messages: readonly StoredMessage[],
  connectionIds: readonly string[],
): void {
  let frames: string[] = [];
  let senders: string[] = [];
  let first = 0;
  let bytes = headerBytes;
  const flush = () => {
    if (frames.length === 0) return;
    const header: RunHeader = { kind: 'run', users: [...pair], first, senders };
    const payload = encodeEvent(header, frames);
    for (const userId of pair) bus.publish(subjects.user(userId, 'private'), payload);
    frames = [];
    senders = [];
    bytes = headerBytes;
  };
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i] as StoredMessage;
    const frame = privateMessageFrame(otherOf(pair, message.from), message, iso(message.createTime));
    const sender = connectionIds[i] ?? '';
    const size = Buffer.byteLength(frame) + sender.length + 4;
    if (bytes + size > limits.payloadBytes) flush();
    if (frames.length === 0) first = message.seq;
    frames.push(frame);
    senders.push(sender);
    bytes += size;
  }
  flush();
}

type Pushed = Static<(typeof serverFrames)['readMarker' | 'typing']['schema']>;

/** @param except the connection that does not get it */
export function pushToUser(bus: Bus, userId: number, frame: Pushed, except?: string): void {
  const header = except === undefined ? ({ kind: 'push' } as const) : ({ kind: 'push', except } as const);
  bus.publish(subjects.user(userId, 'private'), encodeEvent(header, [JSON.stringify(frame)]));
}
