import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { FrameWalk } from './frame-walk.js';
import type { Random } from './random.js';

/** Where connections were cut. `up` is what the client sends. */
export type CutPoint =
  | 'login'
  | 'up within a frame'
  | 'up between frames'
  | 'down within a frame'
  | 'down between frames';

/** What one connection will suffer: after `frames` more frames of `side` from its login on, within the next frame or right after. */
interface Plan {
  readonly login: boolean;
  readonly side: 'up' | 'down';
  readonly frames: number;
  readonly within: boolean;
  /** How far into the frame, 0 to 1. */
  readonly depth: number;
  /** The other side hears of the end so much later. */
  readonly halfOpenMs: number;
  readonly firstToHear: 'client' | 'server';
  /** Reset instead of a polite end. */
  readonly reset: boolean;
  /** Every chunk is held up for up to so long. */
  readonly lagMs: number;
}

const loginFrames = 1;

/** A TCP proxy that loses nothing until it cuts, which it does to every connection that it takes while `cutting`. */
export class CutProxy {
  readonly #random: Random;
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly points = new Map<CutPoint, number>();
  cuts = 0;
  cutting = true;

  private constructor(random: Random, target: URL) {
    this.#random = random;
    this.#target = target;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(random: Random, target: string): Promise<CutProxy> {
    const proxy = new CutProxy(random, new URL(target));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #plan(): Plan {
    const random = this.#random;
    const halfOpen = random.chance(0.2);
    return {
      login: random.chance(0.1),
      side: random.chance(0.5) ? 'up' : 'down',
      frames: random.integer(10),
      within: random.chance(0.5),
      depth: random.next(),
      halfOpenMs: halfOpen ? random.integer(200) : 0,
      firstToHear: random.chance(0.5) ? 'client' : 'server',
      reset: random.chance(0.5),
      lagMs: random.chance(0.2) ? random.integer(15) : 0,
    };
  }

  #accept(client: Socket): void {
    const plan = this.#plan();
    const server = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {}); // Shows as the close that follows.
    }
    client.on('close', () => this.#over(client, server));
    server.on('close', () => this.#over(server, client));
    const walks = { up: new FrameWalk(), down: new FrameWalk() };
    const cut = () => this.#cut(plan, client, server, walks[plan.side]);
    this.#pipe(client, server, walks.up, plan, 'up', cut);
    this.#pipe(server, client, walks.down, plan, 'down', cut);
  }

  #over(closed: Socket, other: Socket): void {
    this.#sockets.delete(closed);
    other.end();
  }

  #pipe(from: Socket, to: Socket, walk: FrameWalk, plan: Plan, side: Plan['side'], cut: () => void): void {
    let turn: Promise<unknown> = Promise.resolve();
    let over = false;
    from.on('data', (chunk: Buffer) => {
      turn = turn.then(async () => {
        if (over) return;
        if (plan.lagMs > 0) await delay(plan.lagMs);
        const length = side === plan.side && this.cutting ? passes(walk, plan, chunk) : walkAll(walk, chunk);
        if (length > 0 && !to.destroyed) to.write(chunk.subarray(0, length));
        if (length === chunk.length && !(this.cutting && side === plan.side && due(walk, plan))) return;
        over = true;
        cut();
      });
    });
  }

  #cut(plan: Plan, client: Socket, server: Socket, walk: FrameWalk): void {
    this.cuts += 1;
    const point: CutPoint =
      walk.frames < loginFrames ? 'login' : `${plan.side} ${walk.inside ? 'within a frame' : 'between frames'}`;
    this.points.set(point, (this.points.get(point) ?? 0) + 1);
    const [first, second] = plan.firstToHear === 'client' ? [client, server] : [server, client];
    // Nothing passes any more, whoever hears of it first.
    for (const socket of [client, server]) socket.removeAllListeners('data').removeAllListeners('close').resume();
    const finish = (socket: Socket) => {
      this.#sockets.delete(socket);
      if (plan.reset) socket.resetAndDestroy();
      else socket.destroySoon();
    };
    finish(first);
    if (plan.halfOpenMs === 0) finish(second);
    else setTimeout(() => finish(second), plan.halfOpenMs);
  }
}

function walkAll(walk: FrameWalk, chunk: Buffer): number {
  for (const byte of chunk) walk.step(byte);
  return chunk.length;
}

/** How many bytes of the chunk pass before the cut. */
function passes(walk: FrameWalk, plan: Plan, chunk: Buffer): number {
  for (const [index, byte] of chunk.entries()) {
    if (due(walk, plan)) return index;
    walk.step(byte);
  }
  return chunk.length;
}

/** The place that the plan names has been reached. */
function due(walk: FrameWalk, plan: Plan): boolean {
  if (!walk.open) return false;
  const frames = plan.login ? 0 : loginFrames + plan.frames;
  if (walk.frames !== frames) return walk.frames > frames;
  return plan.within ? walk.passed(plan.depth) : !walk.inside;
}
