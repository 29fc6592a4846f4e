import { readdirSync, readFileSync } from 'node:fs';
import type { LiveMemory } from '@teahouse/test';
import type { System } from './system.js';

/** What is counted of one process or of NATS, by name. */
export type Gauges = Readonly<Record<string, number>>;

/**
 * Counts everything that must not grow: memory, open files, handles and timers of each process, and what NATS keeps for us.
 * All garbage of each process is collected before.
 */
export async function readGauges({ stack, nats }: System, live: LiveMemory): Promise<ReadonlyMap<string, Gauges>> {
  const all = new Map<string, Gauges>();
  const ofProcess = async (pid: number): Promise<Gauges> => {
    const { live: objects, native } = await live.of(pid);
    return { 'live MiB': objects / 2 ** 20, 'native MiB': native / 2 ** 20, ...ofKernel(pid) };
  };
  for (const service of Object.values(stack.services).flat()) {
    all.set(service.name, { ...(await ofProcess(service.pid)), ...(await ofNode(service.healthUrl)) });
    for (const [index, pid] of childrenOf(service.pid).entries())
      all.set(`${service.name} worker ${index}`, await ofProcess(pid));
  }
  all.set('NATS', await ofNats(nats.monitorUrl));
  return all;
}

/** The child processes of a process. */
export function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function ofKernel(pid: number): Gauges {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { 'resident MiB': kib / 1024, files: readdirSync(`/proc/${pid}/fd`).length };
}

/** From its own metrics, as far as it has them. */
async function ofNode(healthUrl: string): Promise<Gauges> {
  const text = await metricsOf(healthUrl);
  const value = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    handles: value(/^nodejs_active_handles_total\S* (\S+)/m),
    timers: value(/^nodejs_active_resources\{type="Timeout"[^}]*\} (\S+)/m),
  };
}

async function metricsOf(healthUrl: string): Promise<string> {
  const response = await fetch(`${healthUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  return await response.text();
}

/** What the gateways stored without events since each began. */
export async function quietRequests({ stack }: System): Promise<number> {
  const texts = await Promise.all(stack.services.gateway.map(({ healthUrl }) => metricsOf(healthUrl)));
  return texts.reduce(
    (sum, text) => sum + Number(/^teahouse_gateway_quiet_requests_total\S* (\S+)/m.exec(text)?.[1] ?? 0),
    0,
  );
}

async function ofNats(monitorUrl: string): Promise<Gauges> {
  const ask = async (path: string) => {
    const response = await fetch(`${monitorUrl}${path}`, { signal: AbortSignal.timeout(5_000) });
    return (await response.json()) as Record<string, number>;
  };
  const [server, streams] = await Promise.all([ask('/varz'), ask('/jsz')]);
  return {
    'memory MiB': (server.mem ?? 0) / 2 ** 20,
    connections: server.connections ?? 0,
    subscriptions: server.subscriptions ?? 0,
    streams: streams.streams ?? 0,
    consumers: streams.consumers ?? 0,
  };
}
