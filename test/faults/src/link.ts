import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where a connection goes: a port of 127.0.0.1, or undefined where nobody can take it. */
export type Target = () => number | undefined;

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  readonly port: number;
}

/**
 * A TCP proxy between two parts of the system, to do to their connections what a network does: cut them, hold them as lost
 * packets do, and delay them.
 */
export class Link {
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  #delayMs = 0;
  #held = false;

  private constructor(private readonly target: Target) {
    this.#server = createServer((near) => this.#accept(near));
  }

  static async open(target: Target): Promise<Link> {
    const link = new Link(target);
    await new Promise<void>((resolve) => link.#server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Resets all connections, or those to one port; new ones are taken at once. */
  cut(port?: number): void {
    for (const pair of [...this.#pairs]) {
      if (port !== undefined && pair.port !== port) continue;
      pair.near.resetAndDestroy();
      pair.far.resetAndDestroy();
    }
  }

  /** Nothing passes either way and nobody is told, until `heal`; what was under way arrives then. */
  hold(): void {
    this.#held = true;
    for (const { near, far } of this.#pairs) {
      near.pause();
      far.pause();
    }
  }

  /** Everything arrives so much later, both ways. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  heal(): void {
    this.#delayMs = 0;
    if (!this.#held) return;
    this.#held = false;
    for (const { near, far } of this.#pairs) {
      near.resume();
      far.resume();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    const port = this.target();
    if (port === undefined) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    const pair = { near, far, port };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', this.#carry(from, to));
      from.on('error', () => {}); // Shows as the close that follows.
      from.on('end', () => this.#later(() => to.end()));
      from.on('close', () => {
        this.#pairs.delete(pair);
        this.#later(() => to.destroy());
      });
      if (this.#held) from.pause();
    }
  }

  #carry(from: Socket, to: Socket): (data: Buffer) => void {
    // What was delayed goes out before what came later and was not, however late its timer is.
    const waiting: Buffer[] = [];
    return (data) => {
      if (this.#delayMs > 0 || waiting.length > 0) {
        waiting.push(data);
        setTimeout(() => to.write(waiting.shift() as Buffer), this.#delayMs);
        return;
      }
      if (to.write(data) || this.#held) return;
      from.pause();
      to.once('drain', () => {
        if (!this.#held) from.resume();
      });
    };
  }

  #later(work: () => void): void {
    if (this.#delayMs === 0) work();
    else setTimeout(work, this.#delayMs);
  }
}
