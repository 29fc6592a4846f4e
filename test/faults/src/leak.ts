import { Socket } from 'node:net';

/*
 * Loaded into one process of a soak that is to fail: it keeps every second buffer that the process writes to anybody, as a
 * cache without a bound would.
 */

const { write } = Socket.prototype;
const kept: Buffer[] = [];
let count = 0;

Socket.prototype.write = function (this: Socket, chunk: Uint8Array | string, ...rest: unknown[]) {
  count += 1;
  if (count % 2 === 0) kept.push(Buffer.from(chunk as string));
  return Reflect.apply(write, this, [chunk, ...rest]) as boolean;
} as typeof write;
