import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePrograms, serverPrograms } from './lib/programs.mjs';
import { Refusal, root, runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';

const usage = `npm run stack    the four real services as four processes, against NATS_URL and *_DB_URL where given, else against a
                 private NATS and database server whose data stays in .stack/`;

const healthPorts = { gateway: 8010, auth: 8011, 'group-chat': 8012, 'private-chat': 8013 };

await runMain(usage, async () => {
  parseArgs();
  await setup({ projects: ['test', 'packages/client', ...Object.keys(healthPorts).map((name) => `services/${name}`)] });
  const { NATS_URL, AUTH_DB_URL, GROUP_DB_URL, PRIVATE_DB_URL } = process.env;
  await ensurePrograms([
    ...(NATS_URL ? [] : [serverPrograms.nats]),
    ...(AUTH_DB_URL && GROUP_DB_URL && PRIVATE_DB_URL ? [] : [serverPrograms.mysql]),
  ]);
  const { startStack } = await import('../test/dist/index.js');
  const port = Number(process.env.PORT || 8001);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Refusal('PORT has to be a number from 1 to 65535.');

  let interrupted = false;
  const interruption = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        // The second one does not wait; what we started dies with us.
        if (interrupted) process.exit(1);
        interrupted = true;
        resolve();
      });
    }
  });
  const starting = startStack({
    directory: join(root, '.stack'),
    port,
    healthPorts,
    env: { SEED_DEMO: process.env.SEED_DEMO ?? 'true' },
    log: (who, line) => process.stdout.write(`${who.padEnd(12)} | ${line}\n`),
  });
  starting.catch(() => {});
  const stack = await Promise.race([starting, interruption]);
  if (stack) {
    process.stdout.write(`Teahouse is at ${stack.urls[0]}/ (Ctrl-C ends it)\n`);
    const alive = setInterval(() => {}, 60_000);
    await interruption;
    clearInterval(alive);
    await stack.stop();
  }
  process.exit(0);
});
