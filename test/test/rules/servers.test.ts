import t from 'tap';
import { matrix } from './matrix.js';
import { startSystem } from './system.js';

// Seconds on a machine of one's own; others may be at work here.
t.setTimeout(400_000);

t.test('on NATS and MariaDB', async (t) => {
  const system = await startSystem(t, 'servers');
  await t.test('the matrix', (t) => matrix(t, system));
});
