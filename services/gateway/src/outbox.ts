import type { Socket } from 'node:net';
import { limits } from '@teahouse/contracts';
import { WebSocket } from 'ws';
import type { Backlog, Reader } from './backlog.js';
import { join } from './joined.js';
import { wrapText } from './wire.js';
import { type Writer, writeInRound, writeSoon } from './writes.js';

/** More than this in one turn for one socket is a slow reader too, whatever the kernel has taken so far. */
const turnBytes = 4 * limits.slowReaderBytes;

const none: Buffer[] = [];

export interface OutboxOwner {
  /** Called when more than 1 MiB waits for this reader; nothing is written after it. */
  close(reason: 'slowReader'): void;
}

/**
 * What one socket is about to be sent. What has gathered when its turn comes, in a round or with an answer, leaves in one
 * write: a system call costs more than all the rest of a delivery. Writes to the TCP socket below `ws`, which is safe as no
 * extension is negotiated and nothing else sends data frames; `ws` itself still sends pongs and the close frame.
 */
export class Outbox implements Reader, Writer {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #owner: OutboxOwner;
  readonly #backlog: Backlog;
  answering = false;
  gathering = false;
  #chunks = none;
  #bytes = 0;
  #slow = false;

  constructor(ws: WebSocket, owner: OutboxOwner, backlog: Backlog) {
    const socket = (ws as unknown as { _socket?: Socket })._socket;
    if (socket === undefined || ws.extensions !== '')
      throw new Error('an outbox needs an open socket without extensions');
    this.#ws = ws;
    this.#socket = socket;
    this.#owner = owner;
    this.#backlog = backlog;
  }

  /** Queues one frame, a JSON text, that somebody waits for. */
  send(frame: string): void {
    if (this.#slow) return;
    this.#add(wrapText(frame));
    writeSoon(this);
  }

  /** Queues bytes that are whole WebSocket frames already, and that others are sent too. */
  push(wrapped: Buffer): void {
    if (this.#slow) return;
    this.#add(wrapped);
    writeInRound(this);
  }

  #add(wrapped: Buffer): void {
    if (this.#bytes === 0) this.#chunks = [wrapped];
    else this.#chunks.push(wrapped);
    this.#bytes += wrapped.length;
    if (this.#bytes > turnBytes) this.giveUp();
  }

  /** Writes what is queued now instead of at the end of the turn; for the last words before a close. */
  flush(): void {
    const chunks = this.#chunks;
    const bytes = this.#bytes;
    if (bytes === 0) return;
    this.#chunks = none;
    this.#bytes = 0;
    if (this.#slow || this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#socket.writableLength > limits.slowReaderBytes) {
      this.giveUp();
      return;
    }
    this.#socket.write(join(chunks, bytes));
    const behind = this.#socket.writableLength;
    if (behind > 0) this.#backlog.note(this, behind);
  }

  get behind(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength;
  }

  get givenUp(): boolean {
    return this.#slow;
  }

  destroy(): void {
    this.#ws.terminate();
  }

  giveUp(): void {
    this.#slow = true;
    this.#chunks = none;
    this.#bytes = 0;
    this.#owner.close('slowReader');
  }
}
