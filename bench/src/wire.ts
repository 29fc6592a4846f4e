import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** What one text frame's payload is handed to: bytes `start` to `end` of `buffer`, valid only during the call. */
export type OnText = (buffer: Buffer, start: number, end: number) => void;

const CARRY_BYTES = 4096;
// Every socket of the process reads into this one buffer: parsing ends before the next read begins.
const shared = Buffer.allocUnsafeSlow(256 * 1024);
// A fixed key that is not zero, because servers skip the unmasking of a zero key and would look faster than they are.
const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;

/** Bytes of the server frame that starts at `at`, header included; 0 while its header is incomplete. */
function frameSize(buffer: Buffer, at: number, end: number): number {
  if (end - at < 2) return 0;
  const short = (buffer[at + 1] as number) & 0x7f;
  if (short < 126) return 2 + short;
  if (short === 126) return end - at < 4 ? 0 : 4 + buffer.readUInt16BE(at + 2);
  return end - at < 10 ? 0 : 10 + Number(buffer.readBigUInt64BE(at + 2));
}

function clientFrame(opcode: number, payload: Buffer): Buffer {
  const header = payload.length < 126 ? 6 : 8;
  if (payload.length > 0xffff) throw new RangeError('The load generator sends frames of up to 64 KiB.');
  const frame = Buffer.allocUnsafe(header + payload.length);
  frame[0] = 0x80 | opcode;
  if (header === 6) frame[1] = 0x80 | payload.length;
  else {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(payload.length, 2);
  }
  for (let i = 0; i < 4; i += 1) frame[header - 4 + i] = MASK[i] as number;
  for (let i = 0; i < payload.length; i += 1) frame[header + i] = (payload[i] as number) ^ (MASK[i & 3] as number);
  return frame;
}

/**
 * A WebSocket client over a raw TCP socket that costs as little as possible a frame: no copy, no string, no event.
 * Limits: `ws:` only, no extensions, no fragmented messages (an error), which no measured server sends.
 */
export class WireSocket {
  /** Why the socket is closed; undefined while it is open. */
  closedBecause: string | undefined;
  private carry = Buffer.allocUnsafe(CARRY_BYTES);
  private carried = 0;
  private readonly socket: Socket;
  private readonly onText: OnText;
  private readonly onClose: (reason: string) => void;
  private handshake: { key: string; head: string; done: (error?: Error) => void } | undefined;

  private constructor(url: URL, onText: OnText, onClose: (reason: string) => void, done: (error?: Error) => void) {
    this.onText = onText;
    this.onClose = onClose;
    const key = randomBytes(16).toString('base64');
    this.handshake = { key, head: '', done };
    this.socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (count) => {
          this.read(shared, count);
          return true;
        },
      },
    });
    this.socket.on('connect', () => {
      this.socket.write(
        `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
      );
    });
    this.socket.on('error', (error) => this.ended(error.message));
    this.socket.on('close', () => this.ended('the connection was closed'));
  }

  /** Connects and upgrades; rejects when the server refuses or does not answer within `timeoutMs`. */
  static open(url: string, onText: OnText, onClose: (reason: string) => void, timeoutMs = 10_000): Promise<WireSocket> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => wire.fail('no answer to the upgrade'), timeoutMs);
      const wire: WireSocket = new WireSocket(new URL(url), onText, onClose, (error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve(wire);
      });
    });
  }

  /** Sends one text frame in one write, as a client does that knows of no other message; `then` is a second one in the same write. */
  send(text: string, then?: string): void {
    if (this.closedBecause !== undefined) return;
    const frame = clientFrame(1, Buffer.from(text));
    this.socket.write(then === undefined ? frame : Buffer.concat([frame, clientFrame(1, Buffer.from(then))]));
  }

  /** Says goodbye and ends the connection. Not reported to `onClose`. */
  close(): void {
    if (this.closedBecause !== undefined) return;
    this.closedBecause = 'closed here';
    this.socket.end(clientFrame(8, Buffer.from([0x03, 0xe8])));
    this.socket.unref();
  }

  private fail(reason: string): void {
    this.ended(reason);
    this.socket.destroy();
  }

  private ended(reason: string): void {
    if (this.closedBecause !== undefined) return;
    this.closedBecause = reason;
    const handshake = this.handshake;
    this.handshake = undefined;
    if (handshake) handshake.done(new Error(`WebSocket: ${reason}`));
    else this.onClose(reason);
  }

  private read(buffer: Buffer, count: number): void {
    if (this.closedBecause !== undefined) return;
    const start = this.handshake ? this.upgrade(buffer, count) : 0;
    if (start < count) this.frames(buffer, start, count);
  }

  /** Reads the answer to the upgrade; returns where the frames start. */
  private upgrade(buffer: Buffer, count: number): number {
    const handshake = this.handshake;
    if (!handshake) return 0;
    const before = handshake.head.length;
    handshake.head += buffer.toString('latin1', 0, count);
    const end = handshake.head.indexOf('\r\n\r\n');
    if (end < 0) return count;
    const accept = createHash('sha1').update(`${handshake.key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    if (!handshake.head.startsWith('HTTP/1.1 101') || !handshake.head.includes(accept)) {
      this.fail(`upgrade refused: ${handshake.head.slice(0, handshake.head.indexOf('\r\n'))}`);
      return count;
    }
    this.handshake = undefined;
    handshake.done();
    return end + 4 - before;
  }

  private frames(buffer: Buffer, start: number, count: number): void {
    let at = start;
    while (this.carried > 0 && at < count) {
      const size = frameSize(this.carry, 0, this.carried);
      const take = Math.min((size || this.carried + 1) - this.carried, count - at);
      this.keep(buffer, at, at + take, size);
      at += take;
      if (size > 0 && this.carried === size) {
        this.carried = 0;
        this.frame(this.carry, 0, size);
      }
    }
    while (at < count) {
      const size = frameSize(buffer, at, count);
      if (size === 0 || at + size > count) {
        this.keep(buffer, at, count, size);
        return;
      }
      this.frame(buffer, at, at + size);
      at += size;
    }
  }

  private keep(buffer: Buffer, start: number, end: number, size: number): void {
    const need = Math.max(size, this.carried + end - start);
    if (need > this.carry.length) {
      const bigger = Buffer.allocUnsafe(need * 2);
      this.carry.copy(bigger, 0, 0, this.carried);
      this.carry = bigger;
    }
    buffer.copy(this.carry, this.carried, start, end);
    this.carried += end - start;
  }

  private frame(buffer: Buffer, start: number, end: number): void {
    const short = buffer[start + 1] as number;
    const payload = start + (short < 126 ? 2 : short === 126 ? 4 : 10);
    switch (buffer[start]) {
      case 0x81:
        this.onText(buffer, payload, end);
        return;
      case 0x88:
        this.fail(`closed by the server with ${end - payload >= 2 ? buffer.readUInt16BE(payload) : 'no code'}`);
        return;
      case 0x89:
        this.socket.write(clientFrame(10, buffer.subarray(payload, end)));
        return;
      case 0x8a:
        return;
      default:
        this.fail(`unexpected frame 0x${buffer[start]?.toString(16)}`);
    }
  }
}
