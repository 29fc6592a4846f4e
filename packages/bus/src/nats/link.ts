import type { Socket } from 'node:net';
import { TeahouseError } from '@teahouse/contracts';
import type { MsgHdrs, NatsConnection } from 'nats';
import { drainMs, settledWithin } from '../deadline.js';
import { unavailable } from '../failure.js';
import type { BusLog, BusStatus } from '../port.js';
import { logErrors } from '../report.js';

/** Longest wait for an answer of JetStream. */
export const jetStreamMs = 5_000;
/** Bytes handed to the connection after which a round trip is asked for, to learn that they left. */
const probeBytes = 4 * 1024 * 1024;
/** Bytes that may be on their way out without a round trip done; beyond it what is sent is dropped. */
const outboundLimit = 64 * 1024 * 1024;

/**
 * The connection and its state. The client library would keep what is sent while it is dialling and send it later, and would
 * let requests run into their deadlines: here nothing goes out and everything fails at once until it is connected again.
 */
export class Link {
  readonly nc: NatsConnection;
  readonly onError: (error: unknown) => void;
  readonly #log: BusLog | undefined;
  readonly #listeners = new Set<(status: BusStatus) => void>();
  #connected = true;
  #closing = false;
  /** Bytes sent, and how many of them are known to have left. */
  #sent = 0;
  #left = 0;
  #probing = false;
  /** Corked by `hold`. */
  #held: Socket | undefined;

  constructor(nc: NatsConnection, name: string, log: BusLog | undefined) {
    this.nc = nc;
    this.#log = log;
    this.onError = logErrors(log, 'A handler on the bus failed', { bus: name });
    void this.#follow();
  }

  get connected(): boolean {
    return this.#connected;
  }

  onStatus(listener: (status: BusStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Hands a message to the connection. False, and dropped, while disconnected or with 64 MiB on their way out. Throws where
   * it is larger than the server takes (1 MiB unless configured).
   */
  send(subject: string, payload: Uint8Array, reply?: string, headers?: MsgHdrs): boolean {
    if (!this.#connected || this.#sent - this.#left > outboundLimit) return false;
    this.nc.publish(
      subject,
      payload,
      reply === undefined && headers === undefined ? undefined : { reply: reply ?? '', headers: headers as MsgHdrs },
    );
    this.#sent += payload.length + subject.length;
    if (!this.#probing && this.#sent - this.#left > probeBytes) this.#probe();
    return true;
  }

  /**
   * Holds back what is sent in this turn of the event loop until its end, for many small things of one turn: the client
   * library writes once for each microtask, and a write costs a system call however little it carries. Where thousands of
   * clients came back that was a quarter of a gateway's time. Batches must not wait so: it took a tenth of the throughput.
   */
  gather(): void {
    const socket = this.#socket;
    if (!socket || socket.writableCorked > 0) return;
    socket.cork();
    setImmediate(() => socket.uncork());
  }

  /**
   * Called where work that was waited for goes on, say after a commit: holds back what is sent until `release`, at the longest
   * until all is done that is ready now. So the events of a batch and the answer to who asked for it leave in one write. The
   * client library writes once for each microtask and whenever it has 32 KiB: a batch of private messages took four writes, and
   * NATS and gateways as many reads.
   */
  hold(): void {
    const socket = this.#socket;
    if (!socket || socket.writableCorked > 0) return;
    socket.cork();
    this.#held = socket;
    process.nextTick(() => this.#letGo(socket));
  }

  /** Ends a `hold` as soon as the client library has written. */
  release(): void {
    const socket = this.#held;
    if (socket) queueMicrotask(() => this.#letGo(socket));
  }

  #letGo(socket: Socket): void {
    if (this.#held !== socket) return;
    this.#held = undefined;
    socket.uncork();
  }

  #probe(): void {
    this.#probing = true;
    const upTo = this.#sent;
    const done = () => {
      this.#left = upTo;
      this.#probing = false;
    };
    // Rejected means disconnected, and what was on its way is thrown away.
    this.nc.flush().then(done, done);
  }

  /**
   * Does work that the client library bounds by time alone. Rejects with `UNAVAILABLE` at once while disconnected, also when
   * that happens while it is under way, and after `ms`; otherwise with what the work rejects with.
   */
  attempt<T>(target: string, work: () => Promise<T>, ms: number = jetStreamMs): Promise<T> {
    if (!this.#connected) return Promise.reject(unavailable('disconnected', target));
    return new Promise<T>((resolve, reject) => {
      this.gather();
      const timer = setTimeout(() => settle(() => reject(unavailable('timeout', target))), ms);
      const off = this.onStatus(() => settle(() => reject(unavailable('disconnected', target))));
      const settle = (tell: () => void) => {
        clearTimeout(timer);
        off();
        tell();
      };
      work().then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#connected) await settledWithin(this.nc.flush(), 1_000);
    this.#set('disconnected');
    this.#listeners.clear();
    await settledWithin(this.nc.close(), drainMs);
  }

  async #follow(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'reconnect') this.#set('connected');
      else if (status.type === 'disconnect' || status.type === 'close') this.#set('disconnected');
      else if (status.type === 'error') this.#log?.warn({ err: status.error }, 'NATS told of an error');
      else if (status.type === 'staleConnection') {
        this.#set('disconnected');
        this.#cut();
      }
    }
    if (!this.#closing) this.#log?.error({}, 'The connection to NATS closed for good');
  }

  /**
   * The client library leaves a silent server by writing to it and waiting until that is written, which never happens when the
   * way out is full. Cutting the socket lets it go on.
   */
  #cut(): void {
    this.#socket?.destroy();
  }

  /** The client library keeps it to itself. */
  get #socket(): Socket | undefined {
    const { protocol } = this.nc as unknown as { protocol?: { transport?: { socket?: Socket } } };
    return protocol?.transport?.socket;
  }

  #set(status: BusStatus): void {
    const connected = status === 'connected';
    if (connected === this.#connected) return;
    this.#connected = connected;
    this.#sent = 0;
    this.#left = 0;
    if (!this.#closing) this.#log?.warn({}, connected ? 'Connected to NATS again' : 'Disconnected from NATS');
    for (const listener of [...this.#listeners]) {
      try {
        listener(status);
      } catch (error) {
        this.onError(error);
      }
    }
  }
}

/** What strangers hear of an error of JetStream or the client library. */
export function asUnavailable(error: unknown): TeahouseError {
  return error instanceof TeahouseError ? error : new TeahouseError('UNAVAILABLE', undefined, { cause: error });
}
