import { setTimeout as delay } from 'node:timers/promises';
import { Link } from './link.js';

const everyMs = 300;
/** So many questions in a row without any answer: the gateway is gone, and so are the connections through it. */
const fall = 2;

/** `ready`: takes new connections. `answers`: keeps those it has, and gets new ones only where nobody is ready. */
type Health = 'ready' | 'answers' | 'silent';

export interface Balancer {
  readonly link: Link;
  close(): Promise<void>;
}

/**
 * What stands before several gateways: asks each for its health, and sends new connections to those that are ready.
 * @param answerMs how long a gateway may take to answer
 */
export async function startBalancer(ports: readonly number[], answerMs: number): Promise<Balancer> {
  const healths = new Map<number, Health>(ports.map((port) => [port, 'ready']));
  let turn = 0;
  let closed = false;
  const link = await Link.open(() => {
    const are = (health: Health) => ports.filter((port) => healths.get(port) === health);
    const [best = []] = [are('ready'), are('answers')].filter((some) => some.length > 0);
    turn += 1;
    return best[turn % best.length];
  });
  const watch = async (port: number) => {
    for (let silent = 0; !closed; await delay(everyMs)) {
      const health = await healthOf(port, answerMs);
      silent = health === 'silent' ? silent + 1 : 0;
      if (health !== 'silent' || silent >= fall) healths.set(port, health);
      if (silent === fall) link.cut(port);
    }
  };
  const watching = Promise.all(ports.map(watch));
  return {
    link,
    async close() {
      closed = true;
      await watching;
      await link.close();
    },
  };
}

async function healthOf(port: number, answerMs: number): Promise<Health> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(answerMs) });
    await response.arrayBuffer();
    return response.status === 200 ? 'ready' : 'answers';
  } catch {
    return 'silent';
  }
}
