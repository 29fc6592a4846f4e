/** A conversation of users, who are numbered from 0: a group, or a pair of two. */
export interface Conversation {
  kind: 'group' | 'pair';
  users: number[];
}

/** One user who sends into one conversation and keeps `inFlight` messages unanswered. */
export interface SenderPlan {
  user: number;
  conversation: number;
  inFlight: number;
}

/** Who talks to whom. Every user is in exactly one conversation, so that one count a connection tells all. */
export interface Workload {
  name: string;
  about: string;
  conversations: Conversation[];
  senders: SenderPlan[];
  /** Messages a second that all senders together begin, evenly, whatever is unanswered; without it an ack lets the next one go. */
  rate?: number;
  /** The workload of which half of what the peer takes is this one's rate, where both run. */
  halfOf?: string;
}

function groups(name: string, about: string, count: number, size: number, sendersEach: number, inFlight: number) {
  const plan: Workload = { name, about, conversations: [], senders: [] };
  for (let g = 0; g < count; g += 1) {
    plan.conversations.push({ kind: 'group', users: Array.from({ length: size }, (_, i) => g * size + i) });
    for (let s = 0; s < sendersEach; s += 1) plan.senders.push({ user: g * size + s, conversation: g, inFlight });
  }
  return plan;
}

function pairs(name: string, about: string, count: number, inFlight: number): Workload {
  const plan: Workload = { name, about, conversations: [], senders: [] };
  for (let p = 0; p < count; p += 1) {
    plan.conversations.push({ kind: 'pair', users: [2 * p, 2 * p + 1] });
    plan.senders.push({ user: 2 * p, conversation: p, inFlight }, { user: 2 * p + 1, conversation: p, inFlight });
  }
  return plan;
}

/**
 * Another workload's people at a steady pace: what an answer takes while nothing is at its limit.
 * @param rate half of the peer's messages a second on the machine that the aims were set on
 */
function paced(halfOf: string, plan: Workload, rate: number): Workload {
  return { ...atRate(plan, rate), name: `${halfOf}-paced`, halfOf };
}

/** The same people at so many messages a second. */
export function atRate(plan: Workload, rate: number): Workload {
  const [about] = plan.about.split(' at ');
  return { ...plan, about: `${about} at ${rate.toLocaleString('en-US')} messages a second`, rate };
}

/** Every workload, by its name on the command line. */
export const workloads: readonly Workload[] = [
  groups('group200', 'one group of 200, 10 senders with 4 in flight', 1, 200, 10, 4),
  groups('groups50x10', '50 groups of 10, 100 senders with 2 in flight', 50, 10, 2, 2),
  pairs('pairs100', '100 private pairs, 2 in flight each way', 100, 2),
  groups('group1000', 'one group of 1,000, 10 senders with 4 in flight', 1, 1000, 10, 4),
  paced('groups50x10', groups('', '50 groups of 10, 100 senders', 50, 10, 2, 2), 2500),
  paced('group200', groups('', 'one group of 200, 10 senders', 1, 200, 10, 4), 350),
];
