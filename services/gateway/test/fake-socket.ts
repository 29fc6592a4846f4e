import type { HubSocket } from '../dist/hub/index.js';
import type { Outbox } from '../dist/outbox.js';

/** A socket that keeps what it was sent. */
export class FakeSocket implements HubSocket {
  readonly frames: Record<string, unknown>[] = [];
  readonly outbox: Outbox;

  constructor(
    readonly id: string,
    readonly userId: number,
  ) {
    this.outbox = {
      send: (frame: string) => void this.frames.push(JSON.parse(frame)),
      push: (wrapped: Buffer) => void this.frames.push(...unwrap(wrapped)),
      flush: () => {},
    } as unknown as Outbox;
  }

  seqs(groupId: number): number[] {
    return this.frames
      .filter((frame) => frame.groupId === groupId && frame.type === 'groupMessage')
      .map((frame) => frame.seq as number);
  }
}

function unwrap(wrapped: Buffer): Record<string, unknown>[] {
  const frames: Record<string, unknown>[] = [];
  for (let at = 0; at < wrapped.length; ) {
    const short = wrapped[at + 1] as number;
    const [length, start] =
      short < 126
        ? [short, at + 2]
        : short === 126
          ? [wrapped.readUInt16BE(at + 2), at + 4]
          : [wrapped.readUInt32BE(at + 6), at + 10];
    frames.push(JSON.parse(wrapped.subarray(start, start + length).toString()));
    at = start + length;
  }
  return frames;
}
