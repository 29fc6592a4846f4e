import { isErrorCode, TeahouseError } from '@teahouse/contracts';
import { headers, type Msg, type MsgHdrs } from 'nats';
import { unavailable } from '../failure.js';
import type { Incoming } from '../serving.js';
import type { Roll } from './instances.js';
import type { Link } from './link.js';

/** Unix milliseconds; on a request. */
const deadlineHeader = 'Teahouse-Deadline';
/** A code of the catalogue; on an answer whose body is the sentence. */
const errorHeader = 'Teahouse-Error';
/** Milliseconds; beside an error. */
const retryAfterHeader = 'Teahouse-Retry-After';

/** For requests that bring no deadline, say from a command line. */
const defaultTimeoutMs = 5_000;

/** A request of fewer bytes is no batch, and many of its like may come in one turn. */
const smallBytes = 1024;

interface Pending {
  readonly subject: string;
  readonly timer: NodeJS.Timeout;
  resolve(payload: Uint8Array): void;
  reject(error: TeahouseError): void;
  /** Gives it to whoever serves it, where it went to one instance and that is gone; false where that cannot be. */
  again: (() => boolean) | undefined;
}

/** Requests under way and the one inbox in which all their answers arrive. */
export class Requests {
  readonly #link: Link;
  readonly #inbox: string;
  readonly #roll: Roll;
  readonly #pending = new Map<string, Pending>();
  #last = 0;

  constructor(link: Link, inbox: string, roll: Roll) {
    this.#link = link;
    this.#roll = roll;
    this.#inbox = `${inbox}.`;
    link.nc.subscribe(`${this.#inbox}*`, {
      callback: (error, msg) => (error ? link.onError(error) : this.#answered(msg)),
    });
    link.onStatus((status) => {
      if (status === 'disconnected') this.#disconnected();
    });
  }

  request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const token = (++this.#last).toString(36);
      const header = headers();
      header.append(deadlineHeader, String(Date.now() + timeoutMs));
      const send = (to: string) => this.#link.send(to, payload, this.#inbox + token, header);
      if (payload.length < smallBytes) this.#link.gather();
      const target = this.#link.connected ? this.#roll.targetOf(subject) : subject;
      if (!send(target)) {
        reject(unavailable('disconnected', subject));
        return;
      }
      const late = () => this.#take(token)?.reject(unavailable('timeout', subject));
      // A process that was held up runs its timers before it reads what came meanwhile.
      const timer = setTimeout(() => setImmediate(late), timeoutMs);
      const again = target === subject ? undefined : () => send(subject);
      this.#pending.set(token, { subject, timer, resolve, reject, again });
    });
  }

  #take(token: string): Pending | undefined {
    const pending = this.#pending.get(token);
    if (!pending) return undefined;
    this.#pending.delete(token);
    clearTimeout(pending.timer);
    return pending;
  }

  #answered(msg: Msg): void {
    const token = msg.subject.slice(this.#inbox.length);
    const header = msg.headers;
    const nobody = header?.code === 503 && msg.data.length === 0;
    if (nobody && this.#againOf(token)) return;
    const pending = this.#take(token);
    if (!pending) return;
    if (!header) pending.resolve(msg.data);
    else if (nobody) pending.reject(unavailable('no-responders', pending.subject));
    else if (header.has(errorHeader)) pending.reject(readError(header, msg));
    else pending.resolve(msg.data);
  }

  /** Nobody has received it, so that it may be sent once more. */
  #againOf(token: string): boolean {
    const pending = this.#pending.get(token);
    const again = pending?.again;
    if (!pending || !again) return false;
    pending.again = undefined;
    return again();
  }

  #disconnected(): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { subject, timer, reject } of all) {
      clearTimeout(timer);
      reject(unavailable('disconnected', subject));
    }
  }
}

/** A code that is not in the catalogue comes from a service of another version and is told as `INTERNAL`. */
function readError(header: MsgHdrs, msg: Msg): TeahouseError {
  const code = header.get(errorHeader);
  if (!isErrorCode(code))
    return new TeahouseError('INTERNAL', undefined, {
      cause: new Error(`Unknown error code ${code}`),
    });
  const retryAfterMs = Number.parseInt(header.get(retryAfterHeader), 10);
  return new TeahouseError(code, msg.string(), Number.isNaN(retryAfterMs) ? {} : { retryAfterMs });
}

/** A request that arrived. An answer while disconnected is dropped: who asked has already been told. */
export class NatsIncoming implements Incoming {
  readonly deadline: number;
  readonly #msg: Msg;
  readonly #reply: string;
  readonly #link: Link;

  /** @param subject what was asked, without the instance that was chosen for it */
  constructor(
    msg: Msg,
    readonly subject: string,
    reply: string,
    link: Link,
  ) {
    const told = Number.parseInt(msg.headers?.get(deadlineHeader) ?? '', 10);
    this.deadline = Number.isNaN(told) ? Date.now() + defaultTimeoutMs : told;
    this.#msg = msg;
    this.#reply = reply;
    this.#link = link;
  }

  get payload(): Uint8Array {
    return this.#msg.data;
  }

  answer(payload: Uint8Array): void {
    this.#link.send(this.#reply, payload);
    this.#link.release();
  }

  refuse(error: TeahouseError): void {
    const header = headers();
    header.append(errorHeader, error.code);
    if (error.retryAfterMs !== undefined) header.append(retryAfterHeader, String(Math.round(error.retryAfterMs)));
    try {
      this.#link.send(this.#reply, Buffer.from(error.message), undefined, header);
    } catch (cause) {
      this.#link.onError(cause);
    }
  }
}
