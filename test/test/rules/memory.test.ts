import t from 'tap';
import { disturbed } from './disturbed.js';
import { inStep } from './in-step.js';
import { input } from './input.js';
import { matrix } from './matrix.js';
import { storm } from './storm.js';
import { startSystem } from './system.js';
import { text } from './text.js';

// Seconds on a machine of one's own; others may be at work here.
t.setTimeout(400_000);

t.test('in one process, on SQLite', async (t) => {
  const system = await startSystem(t, 'memory');
  await t.test('the matrix', (t) => matrix(t, system));
  await t.test('clients stay in step', (t) => inStep(t, system));
  await t.test('in step after many changes at once', (t) => storm(t, system));
  await t.test('bad input', (t) => input(t, system));
  await t.test('text', (t) => text(t, system));
});

t.test('in one process, where gateways hear late, in the wrong order, or not at all', async (t) => {
  const system = await startSystem(t, 'memory', disturbed(7));
  await t.test('in step after many changes at once', (t) => storm(t, system));
});
