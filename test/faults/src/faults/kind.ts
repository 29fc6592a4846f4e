import type { Crowd } from '../crowd.js';
import type { Effect } from '../judge/promises.js';
import { type Domain, domains } from '../probe.js';
import type { Random } from '../random.js';
import type { BackService, System } from '../system.js';
import type { Violation } from '../violation.js';

/** A fault that is under way. */
export interface Active {
  /** What was hit. */
  readonly target: string;
  readonly effect: Effect;
  /** Ends it, and resolves when what was broken runs again. */
  heal(): Promise<void>;
  /** What has to work in the meantime and nothing else asks for. */
  during?(crowd: Crowd): Promise<Violation[]>;
}

export interface Kind {
  readonly name: string;
  /** The outside goes on only where there is another gateway. */
  readonly needsTwo?: true;
  inject(system: System, random: Random): Promise<Active>;
}

export const everything: readonly Domain[] = domains;

/** Which of the things that the outside does need this service. */
export const needs: Readonly<Record<BackService, readonly Domain[]>> = {
  auth: ['login'],
  'group-chat': ['group', 'history'],
  'private-chat': ['private'],
};

export const goesDown = (down: readonly Domain[], drops = false): Effect => ({ down, hiccup: [], drops });
export const hiccups = (hiccup: readonly Domain[], drops = false): Effect => ({ down: [], hiccup, drops });
