import type { CutsResult } from './cuts.js';

/** A run in a few lines. */
export function sayCuts({ cuts, points, messages, repeated, faults }: CutsResult): string[] {
  const where = [...points].map(([point, count]) => `${count} ${point}`).join(', ');
  return [
    `${cuts} cuts: ${where}`,
    `${messages} messages stored, ${repeated} of them acknowledged on a later try`,
    ...(faults.length === 0 ? ['nothing lost, doubled or out of order'] : faults),
  ];
}
