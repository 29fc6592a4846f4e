import type { Bus } from '@teahouse/bus';
import {
  encodeEvent,
  type GroupWhole,
  groupMessageFrame,
  iso,
  limits,
  type MembershipChange,
  type RunHeader,
  type serverFrames,
  subjects,
} from '@teahouse/contracts';
import type { StoredMessage } from '@teahouse/message-log';
import type { Static } from 'typebox';

/*
 * What the service says on the bus. All of it is said after the commit and at most once: the rows are the truth, and the
 * sweep repeats the newest seq of what moved.
 */

/** Left for the header's fixed part and its changes, which are few: of one transaction. */
const headerBytes = 4096;

/**
 * New messages of one group, in as few events as 256 KiB allow.
 * @param connectionIds for each message the connection that gets an ack instead; none for notices
 * @param whole the group after the last message; it goes in the same event, so that nothing comes between them
 */
export function publishRun(
  bus: Bus,
  groupId: number,
  messages: readonly StoredMessage[],
  connectionIds: readonly string[],
  changes: readonly MembershipChange[] = [],
  whole?: GroupWhole,
): void {
  const subject = subjects.groupEvent(groupId);
  let frames: string[] = [];
  let senders: string[] = [];
  let first = 0;
  const wholeFrame = whole && JSON.stringify({ type: 'groupChanged', group: whole } satisfies Pushed);
  const emptyBytes = headerBytes + (wholeFrame === undefined ? 0 : Buffer.byteLength(wholeFrame));
  let bytes = emptyBytes;
  const flush = (last: boolean) => {
    if (frames.length === 0) return;
    const end = first + frames.length;
    const mine = changes.filter(({ seq }) => seq >= first && seq < end);
    const header: RunHeader = { kind: 'run', groupId, first, senders, ...(mine.length > 0 ? { changes: mine } : {}) };
    if (last && wholeFrame !== undefined) {
      header.whole = true;
      frames.push(wholeFrame);
    }
    bus.publish(subject, encodeEvent(header, frames));
    frames = [];
    senders = [];
    bytes = emptyBytes;
  };
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i] as StoredMessage;
    const frame = groupMessageFrame(groupId, message, iso(message.createTime));
    const sender = connectionIds[i] ?? '';
    const size = Buffer.byteLength(frame) + sender.length + 4;
    if (bytes + size > limits.payloadBytes) flush(false);
    if (frames.length === 0) first = message.seq;
    frames.push(frame);
    senders.push(sender);
    bytes += size;
  }
  flush(true);
}

type PushedType = 'groupChanged' | 'readMarker' | 'typing' | 'joinRequest' | 'joinAnswer';
type Pushed = Static<(typeof serverFrames)[PushedType]['schema']>;

/** @param except the connection that does not get it */
export function pushToGroup(bus: Bus, groupId: number, frame: Pushed, except?: string): void {
  push(bus, subjects.groupEvent(groupId), frame, except);
}

export function pushToUser(bus: Bus, userId: number, frame: Pushed, except?: string): void {
  push(bus, subjects.user(userId, 'group'), frame, except);
}

function push(bus: Bus, subject: string, frame: Pushed, except: string | undefined): void {
  bus.publish(
    subject,
    encodeEvent(except === undefined ? { kind: 'push' } : { kind: 'push', except }, [JSON.stringify(frame)]),
  );
}

/** Repeats to a user's gateways which groups the user is in. False while the bus is away. */
export function publishMember(bus: Bus, userId: number, groups: readonly number[]): boolean {
  return bus.publish(subjects.user(userId, 'group'), encodeEvent({ kind: 'member', groups: [...groups] }, []));
}

/** Tells a user's gateways that the user came in with the notice `seq`, or went out with it. */
export function publishMove(
  bus: Bus,
  userId: number,
  groupId: number,
  seq: number,
  entered: GroupWhole | undefined,
): void {
  const frame: Pushed | undefined = entered && { type: 'groupChanged', group: entered };
  const frames = frame ? [JSON.stringify(frame)] : [];
  bus.publish(
    subjects.user(userId, 'group'),
    encodeEvent(
      { kind: entered ? 'enter' : 'exit', groupId, seq, ...(entered ? { memberCount: entered.memberCount } : {}) },
      frames,
    ),
  );
}
