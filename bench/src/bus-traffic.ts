const ANSWER_MS = 2_000;

/** Messages and bytes that a NATS server took in and gave out. */
export interface BusTraffic {
  inMsgs: number;
  outMsgs: number;
  inBytes: number;
  outBytes: number;
}

/** What the server counted since its start, by its monitoring at `url`; undefined without one. Rejects where it does not answer in 2 s. */
export async function busTraffic(url: string | undefined): Promise<BusTraffic | undefined> {
  if (url === undefined) return undefined;
  const response = await fetch(`${url}/varz`, { signal: AbortSignal.timeout(ANSWER_MS) });
  const told = (await response.json()) as Record<string, number>;
  const number = (name: string): number => {
    const value = told[name];
    if (typeof value !== 'number') throw new Error(`NATS does not tell ${name}.`);
    return value;
  };
  return {
    inMsgs: number('in_msgs'),
    outMsgs: number('out_msgs'),
    inBytes: number('in_bytes'),
    outBytes: number('out_bytes'),
  };
}

/** The difference of two readings, shared among `messages`. */
export function perMessage(before: BusTraffic, after: BusTraffic, messages: number): BusTraffic {
  return {
    inMsgs: (after.inMsgs - before.inMsgs) / messages,
    outMsgs: (after.outMsgs - before.outMsgs) / messages,
    inBytes: (after.inBytes - before.inBytes) / messages,
    outBytes: (after.outBytes - before.outBytes) / messages,
  };
}
