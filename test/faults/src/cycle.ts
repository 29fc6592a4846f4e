import { setTimeout as delay } from 'node:timers/promises';
import type { Auditor } from './auditor.js';
import type { Crowd } from './crowd.js';
import type { Kind } from './faults/kind.js';
import { backWithinMs, judgePromises, replacedWithinMs } from './judge/promises.js';
import { type Domain, domains, type Probe } from './probe.js';
import type { Random } from './random.js';
import type { System } from './system.js';
import { type Violation, violation } from './violation.js';

export interface Scene {
  readonly system: System;
  readonly crowd: Crowd;
  readonly probe: Probe;
  readonly auditor: Auditor;
  readonly random: Random;
  /** What a busy machine may add to each promised time, milliseconds. */
  readonly slackMs: number;
}

/** What came of one fault. */
export interface Outcome {
  readonly kind: string;
  readonly target: string;
  readonly acked: number;
  /** The longest that a message waited for its ack. */
  readonly pauseMs: number;
  /** From the end of the fault until every domain worked, every send had its end and everybody had heard everything. */
  readonly wellAfterMs: number;
  readonly violations: readonly Violation[];
}

const calmMs = 250;
const lastsMs = [300, 1_000] as const;
/** One instance may answer all requests by chance; so many in a row are taken for full service. */
const steadyAnswers = 5;
const graceMs = 20_000;

/** Lets everybody talk, breaks something, mends it, waits until all is well, and judges. */
export async function runCycle(scene: Scene, kind: Kind): Promise<Outcome> {
  const { system, crowd, probe, auditor, random, slackMs } = scene;
  const violations: Violation[] = [];
  await crowd.spread();
  crowd.ledger.rest();
  crowd.talk();
  probe.start();
  await delay(calmMs);
  const lossesBefore = crowd.losses + probe.losses;
  const injectedAt = Date.now();
  const active = await kind.inject(system, random);
  const { effect, target } = active;
  const lasting = delay(random.int(...lastsMs));
  violations.push(...((await active.during?.(crowd)) ?? []));
  const hitAt = Date.now();
  await lasting;
  const hiccup = effect.hiccup.filter((domain) => !effect.down.includes(domain));
  const missing = await serves(probe, hiccup, hitAt, steadyAnswers, replacedWithinMs + slackMs);
  if (missing.length > 0)
    violations.push(violation('promise', `${missing.join(', ')}: not replaced within ten seconds`));
  await active.heal();
  const healedAt = Date.now();
  crowd.wake();
  const late = await serves(probe, domains, healedAt, 1, backWithinMs + slackMs + graceMs);
  if (late.length > 0) violations.push(violation('promise', `${late.join(', ')}: no answer after the fault at all`));
  if (random.chance(30)) await renewed(crowd, violations);
  await delay(calmMs);
  await Promise.all([crowd.hush(), probe.rest()]);
  const audit = await auditor.audit();
  const losses = crowd.losses + probe.losses - lossesBefore;
  if (!effect.drops && losses > 0) violations.push(violation('promise', `${losses} clients had to connect again`));
  violations.push(...judgePromises(probe.answers, effect, { injectedAt, hitAt, healedAt }, slackMs).slice(0, 5));
  violations.push(...audit.violations);
  return {
    kind: kind.name,
    target,
    acked: crowd.ledger.acked,
    pauseMs: crowd.ledger.longestMs,
    wellAfterMs: Date.now() - healedAt - calmMs,
    violations,
  };
}

async function renewed(crowd: Crowd, violations: Violation[]): Promise<void> {
  await crowd.renew().catch((error: unknown) => {
    violations.push(violation('promise', `a new client cannot connect: ${String(error)}`));
  });
}

/** Waits until each domain was served so often in a row, asked after `since`. @returns those that were not, within `withinMs` */
async function serves(
  probe: Probe,
  wanted: readonly Domain[],
  since: number,
  times: number,
  withinMs: number,
): Promise<Domain[]> {
  const missing = () =>
    wanted.filter((domain) => {
      const last = probe.answers
        .filter((answer) => answer.domain === domain && answer.startedAt >= since)
        .slice(-times);
      return last.length < times || last.some(({ outcome }) => outcome !== 'ok');
    });
  const deadline = since + withinMs;
  while (missing().length > 0 && Date.now() < deadline) await delay(20);
  return missing();
}
