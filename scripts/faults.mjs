import { ensurePrograms, serverPrograms } from './lib/programs.mjs';
import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const soak = process.argv[2] === 'soak';
if (soak) process.argv.splice(2, 1);

const usage = soak
  ? `npm run soak [-- --minutes 20] [--pause 50] [--leak group-chat]    lets the whole real system work for a while, and checks that nothing grows;
                 pause: how long each waits between two messages, milliseconds; leak: one process of that service keeps what
                 it should not, and the run has to find it`
  : `npm run faults [-- --faults 46] [--seed N] [--kinds "kill NATS,stop auth"] [--gateways 1] [--minutes M] [--slack 500]    breaks the whole
                 real system again and again, and checks from the outside that nothing is lost; every kind once unless told;
                 gateways: the only one tells its clients by itself what was stored; slack: what a busy machine may add to each promised time, milliseconds`;

await runMain(usage, async () => {
  // Whatever was started dies with us, see guard.ts of the test helpers.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  const services = ['auth', 'group-chat', 'private-chat', 'gateway'].map((name) => `services/${name}`);
  await setup({ projects: ['test/faults', ...services], page: false });
  await ensurePrograms(Object.values(serverPrograms));
  // In this very process: it reads its own arguments from the command line.
  await import(soak ? '../test/faults/dist/soak-main.js' : '../test/faults/dist/main.js');
});
