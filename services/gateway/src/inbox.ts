import type { Prepared } from './frames/index.js';

/** One frame being worked on. */
export interface Task extends Prepared {
  readonly ref: string | undefined;
  /** of the frame as it came */
  readonly bytes: number;
  /** When its answer must have come; unix milliseconds. */
  readonly deadline: number;
  done: boolean;
  /** The fields of its ack, once done; undefined where it failed. */
  reply: object | undefined;
}

export interface InboxOwner {
  /** Begins the work; `settled` is called on the inbox when it is done. */
  begin(task: Task): void;
  /** The task was carried out, and so were all earlier ones of its conversation. */
  acknowledge(task: Task): void;
}

interface Lane {
  /** Oldest first; those before `begun` are being worked on or done. */
  readonly tasks: Task[];
  begun: number;
}

/**
 * What one connection has in flight, in the order of each conversation: sends of one conversation run side by side, any
 * other frame waits until all before it are done, and all after it wait for it. Acks leave in the order of the frames.
 */
export class Inbox {
  readonly #owner: InboxOwner;
  #lanes: Map<number, Lane> | undefined;
  #inFlight = 0;

  constructor(owner: InboxOwner) {
    this.#owner = owner;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  add(task: Task): void {
    this.#inFlight += 1;
    if (task.conversation === undefined) {
      this.#owner.begin(task);
      return;
    }
    this.#lanes ??= new Map();
    let lane = this.#lanes.get(task.conversation);
    if (lane === undefined) {
      lane = { tasks: [], begun: 0 };
      this.#lanes.set(task.conversation, lane);
    }
    lane.tasks.push(task);
    this.#advance(lane);
  }

  /** The work of a task has ended. */
  settled(task: Task, reply: object | undefined): void {
    task.done = true;
    task.reply = reply;
    const lane = task.conversation === undefined ? undefined : this.#lanes?.get(task.conversation);
    if (task.conversation === undefined || lane === undefined) {
      this.#finish(task);
      return;
    }
    while (lane.tasks[0]?.done) {
      lane.begun -= 1;
      this.#finish(lane.tasks.shift() as Task);
    }
    if (lane.tasks.length > 0) this.#advance(lane);
    else this.#lanes?.delete(task.conversation);
    if (this.#lanes?.size === 0) this.#lanes = undefined;
  }

  #finish(task: Task): void {
    this.#inFlight -= 1;
    this.#owner.acknowledge(task);
  }

  #advance(lane: Lane): void {
    for (let next = lane.tasks[lane.begun]; next !== undefined; next = lane.tasks[lane.begun]) {
      const before = lane.tasks[lane.begun - 1];
      if (before !== undefined && !(before.verb.pipelined && next.verb.pipelined)) return;
      lane.begun += 1;
      this.#owner.begin(next);
    }
  }
}
