/** Deliveries that may wait for the next turn of the event loop; beyond it what is offered is refused. */
export declare const lineLimit = 65536;
/**
 * The one line in which everything on an in-process bus is delivered, in order, never within the call that sent it.
 * It gives other events their turn after each round.
 */
export declare class Line {
  #private;
  /** False, and nothing done, when the line is full. */
  offer(job: () => void): boolean;
  /** For what is bounded elsewhere: answers, of which there are no more than requests. A job must not throw. */
  push(job: () => void): void;
}
