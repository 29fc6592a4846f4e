import { register } from './accounts.js';
import { Auditor } from './auditor.js';
import { Crowd } from './crowd.js';
import { type Outcome, runCycle, type Scene } from './cycle.js';
import type { Kind } from './faults/kind.js';
import { quietRequests } from './gauges.js';
import { Probe } from './probe.js';
import { Random } from './random.js';
import { startSystem } from './system.js';
import type { Violation } from './violation.js';

export interface Plan {
  readonly seed: number;
  /** How many faults; each kind comes up as often as the others, in an order that the seed decides. */
  readonly faults: number;
  readonly kinds: readonly Kind[];
  readonly gateways: 1 | 2;
  /** Ends the run before all faults were injected. */
  readonly deadline: number;
  readonly slackMs: number;
  /** Called after each fault. */
  readonly told: (outcome: Outcome, done: number) => void;
}

export interface Result {
  readonly outcomes: readonly Outcome[];
  /** Of the last look at everything that was ever acked. */
  readonly violations: readonly Violation[];
  /** Of the gateways as they stood at the end: requests that no event told of. */
  readonly quietRequests: number;
  /** Where the services' own words are; gone when this process ends. */
  readonly logs: string;
}

const patienceMs = 20_000;

/** Starts the whole system, breaks it again and again, and judges it from the outside after each fault. */
export async function runFaults(plan: Plan): Promise<Result> {
  const random = new Random(plan.seed);
  const system = await startSystem(plan.gateways, plan.slackMs);
  let probe: Probe | undefined;
  let crowd: Crowd | undefined;
  try {
    const account = await register(system.url, 'probe');
    crowd = await Crowd.gather(system.url, system.socketUrl, random, { slackMs: plan.slackMs });
    const [, other = account] = crowd.accounts;
    probe = new Probe(system.url, account, other, crowd.ledger, random);
    const auditor = new Auditor(system, crowd, patienceMs + plan.slackMs);
    const scene: Scene = { system, crowd, probe, auditor, random, slackMs: plan.slackMs };
    const outcomes: Outcome[] = [];
    for (const kind of order(plan, random)) {
      if (Date.now() >= plan.deadline) break;
      const outcome = await runCycle(scene, kind);
      outcomes.push(outcome);
      plan.told(outcome, outcomes.length);
    }
    const violations = await auditor.auditAll();
    return { outcomes, violations, quietRequests: await quietRequests(system), logs: system.logs };
  } finally {
    await probe?.close();
    await crowd?.leave();
    await system.stop();
  }
}

function order({ faults, kinds }: Plan, random: Random): Kind[] {
  const rounds = Array.from({ length: Math.ceil(faults / kinds.length) }, () => random.shuffled(kinds));
  return rounds.flat().slice(0, faults);
}
