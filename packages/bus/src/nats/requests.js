import { isErrorCode, TeahouseError } from '@teahouse/contracts';
import { headers } from 'nats';
import { unavailable } from '../failure.js';

/** Unix milliseconds; on a request. */
const deadlineHeader = 'Teahouse-Deadline';
/** A code of the catalogue; on an answer whose body is the sentence. */
const errorHeader = 'Teahouse-Error';
/** Milliseconds; beside an error. */
const retryAfterHeader = 'Teahouse-Retry-After';
/** For requests that bring no deadline, say from a command line. */
const defaultTimeoutMs = 5_000;
/** Requests under way and the one inbox in which all their answers arrive. */
export class Requests {
  #link;
  #inbox;
  #pending = new Map();
  #last = 0;
  constructor(link, inbox) {
    this.#link = link;
    this.#inbox = `${inbox}.`;
    link.nc.subscribe(`${this.#inbox}*`, {
      callback: (error, msg) => (error ? link.onError(error) : this.#answered(msg)),
    });
    link.onStatus((status) => {
      if (status === 'disconnected') this.#disconnected();
    });
  }
  request(subject, payload, timeoutMs) {
    return new Promise((resolve, reject) => {
      const token = (++this.#last).toString(36);
      const header = headers();
      header.append(deadlineHeader, String(Date.now() + timeoutMs));
      if (!this.#link.send(subject, payload, this.#inbox + token, header)) {
        reject(unavailable('disconnected', subject));
        return;
      }
      const timer = setTimeout(() => this.#take(token)?.reject(unavailable('timeout', subject)), timeoutMs);
      this.#pending.set(token, { subject, timer, resolve, reject });
    });
  }
  #take(token) {
    const pending = this.#pending.get(token);
    if (!pending) return undefined;
    this.#pending.delete(token);
    clearTimeout(pending.timer);
    return pending;
  }
  #answered(msg) {
    const pending = this.#take(msg.subject.slice(this.#inbox.length));
    if (!pending) return;
    const header = msg.headers;
    if (!header) pending.resolve(msg.data);
    else if (header.code === 503 && msg.data.length === 0)
      pending.reject(unavailable('no-responders', pending.subject));
    else if (header.has(errorHeader)) pending.reject(readError(header, msg));
    else pending.resolve(msg.data);
  }
  #disconnected() {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { subject, timer, reject } of all) {
      clearTimeout(timer);
      reject(unavailable('disconnected', subject));
    }
  }
}
/** A code that is not in the catalogue comes from a service of another version and is told as `INTERNAL`. */
function readError(header, msg) {
  const code = header.get(errorHeader);
  if (!isErrorCode(code))
    return new TeahouseError('INTERNAL', undefined, {
      cause: new Error(`Unknown error code ${code}`),
    });
  const retryAfterMs = Number.parseInt(header.get(retryAfterHeader), 10);
  return new TeahouseError(code, msg.string(), Number.isNaN(retryAfterMs) ? {} : { retryAfterMs });
}
/** A request that arrived. An answer while disconnected is dropped: who asked has already been told. */
export class NatsIncoming {
  #msg;
  #reply;
  #link;
  constructor(msg, reply, link) {
    const told = Number.parseInt(msg.headers?.get(deadlineHeader) ?? '', 10);
    this.deadline = Number.isNaN(told) ? Date.now() + defaultTimeoutMs : told;
    this.#msg = msg;
    this.#reply = reply;
    this.#link = link;
  }
  get subject() {
    return this.#msg.subject;
  }
  get payload() {
    return this.#msg.data;
  }
  answer(payload) {
    this.#link.send(this.#reply, payload);
  }
  refuse(error) {
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
//# sourceMappingURL=requests.js.map
