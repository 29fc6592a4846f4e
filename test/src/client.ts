import { once } from 'node:events';
import { type RawData, WebSocket } from 'ws';
import { within } from './wait.js';

export interface Frame {
  readonly type: string;
  readonly ref?: string;
  readonly [field: string]: unknown;
}

export type Credentials = { readonly token: string } | { readonly username: string; readonly password: string };

/** What an `error` frame said, as the rejection of the request that it answers. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: string;
  readonly frame: Frame;

  constructor(frame: Frame) {
    super(`${String(frame.code)}: ${String(frame.message)}`);
    this.code = String(frame.code);
    this.frame = frame;
  }
}

interface Waiter {
  readonly wants: (frame: Frame) => boolean;
  readonly settle: (frame: Frame) => void;
  readonly fail: (error: Error) => void;
}

const defaultTimeoutMs = 5_000;

/**
 * A WebSocket client that knows nothing but the protocol's document: JSON frames, `ref`, close codes. It shares no code
 * with the project, so that a mistake made in both places does not go unseen. It keeps every frame that it got.
 */
export class TestClient {
  /** All frames received, in order, unless they are forwarded. */
  readonly frames: Frame[] = [];
  /** Resolves when the connection has closed, from whichever side. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  readonly #waiters = new Set<Waiter>();
  #nextRef = 1;
  #forward: ((frame: Frame) => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('error', () => {}); // A broken connection shows as its close, 1006.
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        for (const waiter of this.#waiters)
          waiter.fail(new Error(`The connection closed with ${code} ${reason.toString()}`));
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Opens a socket and sends nothing. `headers` go with the upgrade request. */
  static async connect(url: string, headers: Record<string, string> = {}): Promise<TestClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: defaultTimeoutMs, headers });
    const client = new TestClient(socket);
    await once(socket, 'open');
    return client;
  }

  /** Opens a socket and logs in; resolves with the client and its `ready` frame. */
  static async login(url: string, credentials: Credentials): Promise<{ client: TestClient; ready: Frame }> {
    const client = await TestClient.connect(url);
    const ready = await client.request({ type: 'init', ...credentials });
    return { client, ready };
  }

  /** Sends a frame as it is and expects nothing. */
  send(frame: { readonly type: string; readonly [field: string]: unknown }): void {
    this.sendRaw(JSON.stringify(frame));
  }

  /** Sends anything: text as a text frame, bytes as a binary one. */
  sendRaw(data: string | Uint8Array): void {
    this.#socket.send(data);
  }

  /** Sends the frame with a fresh `ref`; resolves with the answer, rejects with `RequestError` where it is an `error`. */
  async request(
    frame: { readonly type: string; readonly [field: string]: unknown },
    timeoutMs = defaultTimeoutMs,
  ): Promise<Frame> {
    const ref = `r${this.#nextRef++}`;
    const answer = this.#next((candidate) => candidate.ref === ref, timeoutMs, `No answer to ${frame.type}`);
    this.send({ ...frame, ref });
    const result = await answer;
    if (result.type === 'error') throw new RequestError(result);
    return result;
  }

  /** The first frame, among those already here and those to come, that `wants` accepts. Rejects on time-out and close. */
  async waitFor(wants: (frame: Frame) => boolean, timeoutMs = defaultTimeoutMs): Promise<Frame> {
    return this.frames.find(wants) ?? (await this.#next(wants, timeoutMs, 'The frame waited for did not come'));
  }

  /** Hands each frame on, before anybody who awaits it, and keeps none from now on: for clients that live long. */
  forward(take: (frame: Frame) => void): void {
    this.#forward = take;
    for (const frame of this.frames.splice(0)) take(frame);
  }

  /** Stops and starts reading, as a slow reader does. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes with a handshake and waits for its end. */
  async close(code = 1000): Promise<void> {
    this.#socket.close(code);
    await within(this.closed, defaultTimeoutMs, 'The server did not answer the close');
  }

  /** Cuts the connection as a lost network does. */
  terminate(): void {
    this.#socket.terminate();
  }

  async #next(wants: (frame: Frame) => boolean, timeoutMs: number, sentence: string): Promise<Frame> {
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Error(`${sentence}: the connection is closed.`);
    let waiter: Waiter | undefined;
    const frame = new Promise<Frame>((settle, fail) => {
      waiter = { wants, settle, fail };
      this.#waiters.add(waiter);
    });
    try {
      return await within(frame, timeoutMs, sentence);
    } finally {
      if (waiter) this.#waiters.delete(waiter);
    }
  }

  #receive(data: RawData, isBinary: boolean): void {
    const frame = parse(data, isBinary);
    if (this.#forward) this.#forward(frame);
    else this.frames.push(frame);
    for (const waiter of this.#waiters) if (waiter.wants(frame)) waiter.settle(frame);
  }
}

/** A frame that breaks the protocol is kept under a type of its own, for a test to stumble over. */
function parse(data: RawData, isBinary: boolean): Frame {
  const text = data.toString();
  if (isBinary) return { type: '(binary)', text };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string')
      return value as Frame;
  } catch {
    // Told apart below.
  }
  return { type: '(not a frame)', text };
}
