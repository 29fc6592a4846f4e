import {
  type CloseReason,
  clientFrames,
  closeCatalogue,
  limits,
  officialGroup,
  TeahouseError,
  type User,
} from '@teahouse/contracts';
import type { WebSocket } from 'ws';
import { carryOut, heartbeat, parseFrame, prepare, type Session } from './frames/index.js';
import type { Lists } from './hub/index.js';
import { Inbox, type InboxOwner, type Task } from './inbox.js';
import { closeAfter, type InitFields, initFields, type Login } from './login.js';
import { Outbox } from './outbox.js';
import { Throttle } from './rate.js';
import { errorFrame, toldOf } from './refusal.js';
import type { Registry, Surroundings } from './surroundings.js';
import { TypingLimit } from './typing.js';

type State = 'opened' | 'entering' | 'ready' | 'leaving' | 'ended';

/** An answer comes within so many milliseconds, waiting for earlier frames included. */
const answerMs = 1800;

/** One socket, from its opening to its end. Nothing that a client sends makes any of its methods throw. */
export class Connection implements Session, InboxOwner {
  readonly id: string;
  readonly address: string;
  readonly outbox: Outbox;
  readonly openedAt = performance.now();
  readonly #ws: WebSocket;
  readonly #around: Surroundings;
  readonly #registry: Registry<Connection>;
  readonly #inbox = new Inbox(this);
  readonly #throttle: Throttle;
  #state: State = 'opened';
  #login: Login | undefined;
  #user: User | undefined;
  #heardAt = performance.now();
  /** Frames that came in the same chunk when reading paused. */
  #held: Buffer[] | undefined;
  #typing: TypingLimit | undefined;
  defaultGroupId: number = officialGroup.id;

  constructor(id: string, ws: WebSocket, address: string, around: Surroundings, registry: Registry<Connection>) {
    this.id = id;
    this.#ws = ws;
    this.address = address;
    this.#around = around;
    this.#registry = registry;
    this.#throttle = new Throttle(around.rates);
    this.outbox = new Outbox(ws, this, around.backlog);
  }

  get userId(): number {
    return this.#login?.userId ?? 0;
  }

  get loginId(): string | undefined {
    return this.#login?.loginId;
  }

  /** Only asked for once the user is known. */
  get user(): User {
    return this.#user as User;
  }

  get inFlight(): number {
    return this.#inbox.inFlight;
  }

  send(frame: object): void {
    if (this.#state !== 'ended') this.outbox.send(JSON.stringify(frame));
  }

  // What the socket tells.

  receive(data: Buffer, isBinary: boolean): void {
    try {
      this.#receive(data, isBinary);
    } catch (err) {
      // A throw in a socket's listener would end the process, and with it everybody else's connection.
      this.#around.log.error({ err }, 'a frame could not be handled');
      this.terminate();
    }
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heardAt = performance.now();
    if (this.#state === 'ended') return;
    if (isBinary) {
      this.close('notText');
    } else if (this.#held !== undefined || this.#inbox.inFlight >= limits.inFlight) {
      this.#held ??= [];
      this.#held.push(data);
      this.#ws.pause();
    } else {
      this.#accept(data);
    }
  }

  /** A sign of life below the frames. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  socketClosed(): void {
    this.#end();
    this.#registry.gone(this);
  }

  // What the gateway does with it.

  /** Says why and closes; what was queued before still goes out first. */
  close(reason: CloseReason): void {
    if (this.#state === 'ended') return;
    const { code, meaning } = closeCatalogue[reason];
    if (reason !== 'slowReader') this.outbox.flush();
    this.#end();
    // A paused socket would not see the other side's half of the closing.
    this.#ws.resume();
    this.#ws.close(code, meaning);
  }

  /** Tells that the server is going, and refuses new frames from now on; those in flight are still answered. */
  goodbye(reconnectWithinMs: number): void {
    if (this.#state === 'ended') return;
    this.#state = 'leaving';
    this.send({ type: 'goodbye', reconnectWithinMs });
  }

  terminate(): void {
    this.#ws.terminate();
  }

  #end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#held = undefined;
    this.#registry.left(this);
    this.#around.tools.hub.leave(this);
  }

  /** Closes what has not logged in in time or has been silent for too long. */
  checkTime(now: number): void {
    if (this.#state === 'ready') {
      if (now - this.#heardAt > this.#around.heartbeatTimeoutMs) this.close('timeout');
    } else if (now - this.openedAt > limits.initMs) {
      this.close('timeout');
    }
  }

  mayTellTyping(conversation: number): boolean {
    this.#typing ??= new TypingLimit();
    return this.#typing.pass(conversation);
  }

  // Frames.

  #accept(data: Buffer): void {
    const frame = parseFrame(data);
    if (frame === undefined) {
      this.#refuse(undefined, new TeahouseError('BAD_REQUEST', 'A frame is one JSON object.'));
      this.close('notJson');
      return;
    }
    const { type, ref } = frame;
    const waitMs = this.#throttle.count(type === clientFrames.heartbeat.type);
    if (waitMs > 0) {
      const tooMuch = waitMs === Number.POSITIVE_INFINITY;
      this.#refuse(ref, new TeahouseError('RATE_LIMITED', undefined, tooMuch ? {} : { retryAfterMs: waitMs }));
      if (tooMuch) this.close('tooMany');
      return;
    }
    try {
      this.#dispatch(type, ref, frame.whole, data.length);
    } catch (error) {
      this.#refuse(ref, error);
    }
  }

  /** Throws what the client is told. */
  #dispatch(type: unknown, ref: string | undefined, frame: Record<string, unknown>, bytes: number): void {
    if (this.#state === 'leaving') throw new TeahouseError('UNAVAILABLE', 'The server is going away.');
    if (this.#state !== 'ready') {
      if (this.#state === 'opened' && type === clientFrames.init.type) {
        this.#init(frame, ref);
      } else {
        this.#refuse(ref, new TeahouseError('UNAUTHENTICATED'));
        this.close('unauthenticated');
      }
      return;
    }
    if (ref === undefined && Object.hasOwn(frame, 'ref'))
      throw new TeahouseError('BAD_REQUEST', 'The field "ref" must be text of 1 to 64 characters.');
    if (type === clientFrames.heartbeat.type) {
      this.#answer('heartbeat', ref, heartbeat(this.#around.tools, this));
      return;
    }
    if (type === clientFrames.init.type)
      throw new TeahouseError('BAD_REQUEST', 'This connection is logged in already.');
    const { verb, fields, conversation } = prepare(type, frame, this);
    this.#around.inFlight.begin(bytes);
    const deadline = Date.now() + answerMs;
    this.#inbox.add({ verb, fields, conversation, ref, bytes, deadline, done: false, reply: undefined });
  }

  begin(task: Task): void {
    carryOut(task, this.#around.tools, this, task.deadline - Date.now())
      .then(
        (reply) => this.#settled(task, reply),
        (error: unknown) => {
          this.#refuse(task.ref, error);
          this.#settled(task, undefined);
        },
      )
      .catch((err: unknown) => this.#around.log.error({ err }, 'an answer could not be given'));
  }

  acknowledge(task: Task): void {
    const { verb, ref, reply } = task;
    if (reply === undefined || !verb.frame.answered) return;
    if (verb.ack === undefined) this.#answer('ack', ref, reply);
    else if (this.#state !== 'ended') this.outbox.send(verb.ack(ref, reply));
  }

  #settled(task: Task, reply: object | undefined): void {
    this.#around.inFlight.end(task.bytes);
    this.#inbox.settled(task, reply);
    while (this.#held !== undefined && this.#inbox.inFlight < limits.inFlight) {
      const next = this.#held.shift();
      if (next !== undefined) {
        this.#accept(next);
      } else {
        this.#held = undefined;
        this.#ws.resume();
      }
    }
  }

  #answer(type: 'ack' | 'ready' | 'heartbeat', ref: string | undefined, fields: object): void {
    this.send(ref === undefined ? { type, ...fields } : { type, ref, ...fields });
  }

  #refuse(ref: string | undefined, error: unknown): void {
    this.send(errorFrame(ref, toldOf(error, this.#around.log, 'a frame')));
  }

  // Logging in.

  #init(frame: Record<string, unknown>, ref: string | undefined): void {
    const fields = initFields(frame);
    this.#state = 'entering';
    this.#enter(fields, ref).catch((error: unknown) => this.#initFailed(ref, error));
  }

  async #enter(fields: InitFields, ref: string | undefined): Promise<void> {
    const { admission, logins } = this.#around;
    const wanted = () => this.#state === 'entering';
    const step = fields.token === undefined ? 'password' : 'token';
    const login = await admission.turn(step, wanted, () => logins.begin(fields, this.address, answerMs));
    if (login !== undefined) await admission.turn('entering', wanted, () => this.#comeIn(login, fields, ref));
  }

  async #comeIn(login: Login, fields: InitFields, ref: string | undefined): Promise<void> {
    const { logins, tools } = this.#around;
    this.#login = login;
    if (!this.#registry.admit(this)) throw new TeahouseError('RATE_LIMITED', 'You have too many connections.');
    this.#user = await logins.confirm(login);
    if (this.#state !== 'entering') return;
    this.defaultGroupId = fields.groupId ?? officialGroup.id;
    await tools.hub.enter(this, (lists) => this.#ready(lists, ref));
    if ((this.#state as State) !== 'ready') tools.hub.leave(this);
  }

  #ready(lists: Lists, ref: string | undefined): void {
    if (this.#state !== 'entering') return;
    this.#state = 'ready';
    this.#heardAt = performance.now();
    this.#answer('ready', ref, {
      user: this.user,
      connectionId: this.id,
      heartbeatIntervalMs: this.#around.heartbeatIntervalMs,
      heartbeatTimeoutMs: this.#around.heartbeatTimeoutMs,
      ...lists,
    });
    this.#registry.ready(this);
  }

  #initFailed(ref: string | undefined, error: unknown): void {
    if (this.#state !== 'entering') return;
    this.#refuse(ref, error);
    const reason = closeAfter(error);
    if (reason === undefined) this.#state = 'opened';
    else this.close(reason);
  }
}
