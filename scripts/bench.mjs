import { runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

/** Each command's program in `bench/dist`, and what it takes. */
const programs = {
  bench: [
    'main',
    `[workload …] [--rounds 3] [--seconds 5] [--peer socket.io|ejabberd] [--only teahouse|socket.io|ejabberd] [--floor 6]
                 beside the peer, as bench/results tells it for socket.io; an ejabberd must be installed;
                 floor: nothing is written, and a lower ratio of messages a second is a failure`,
  ],
  'bench:connections': [
    'connections-main',
    '[--clients 5000] [--groups 10] [--times 3]    many connections: memory, logins, coming back',
  ],
  'bench:history': [
    'history-main',
    '[--sizes 10000,1000000,10000000] [--pages 200]    pages of history as a log grows',
  ],
  'bench:scale': [
    'scale-main',
    `[groups|members|instances …] [--groups 10,100,1000,10000] [--people 1000] [--members 10,50,200,1000,5000]
                 [--rounds 3] [--seconds 2]    how the cost grows`,
  ],
};

const { npm_lifecycle_event: script } = process.env;
const name = script in programs ? script : 'bench';
const [program, options] = programs[name];

await runMain(`npm run ${name} -- ${options}`, async () => {
  await setup();
  // In this very process: it reads its own arguments from the command line.
  await import(`../bench/dist/${program}.js`);
});
