import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { beforeBalancer } from './lib/balancer.mjs';
import { composed } from './lib/engine.mjs';
import { inspectImage } from './lib/images.mjs';
import { Refusal, root, runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';
import { compareHistory, startTalk } from './lib/talk.mjs';

const usage = `npm run compose:check [-- --mysql] [--scaled]

Builds the images, looks into them, brings the composed system up beside whatever runs here, and kills, stops and starts every
container of it while two clients talk. COMPOSE and ENGINE name the programs ("docker compose" and "docker" unless told), PORT a
free port (18001), with --scaled the first of two.
  --mysql    on MySQL
  --scaled   two of each service behind the balancer, through which the clients come; the talk goes on without what was killed`;

const services = ['auth', 'group-chat', 'private-chat', 'gateway'];
const servers = ['nats', 'database'];
const readyMs = 180_000;
const backMs = 60_000;
const stopMs = 10_000;

const say = (sentence) => process.stdout.write(`${sentence}\n`);
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

await runMain(usage, async () => {
  const { mysql, scaled } = parseArgs({ options: { mysql: { type: 'boolean' }, scaled: { type: 'boolean' } } }).values;
  await setup({ projects: ['test', 'packages/client'], page: false });
  const { eventually, TestClient } = await import('../test/dist/index.js');
  const port = process.env.PORT || '18001';
  const url = `${scaled ? 'https' : 'http'}://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'teahouse-compose-'));
  const envFile = join(folder, 'env');
  execFileSync('sh', [join(root, 'deploy', 'secrets.sh'), envFile]);
  const secrets = readFileSync(envFile, 'utf8').match(/(?<==)\S+/g) ?? [];
  const files = ['docker-compose.yml', ...(mysql ? ['docker-compose.mysql.yml'] : [])];
  const env = { PUBLISH: `127.0.0.1:${port}`, OPEN_FILES: '8192', SEED_DEMO: 'true', RATE_LOGINS_PER_MINUTE: '0' };
  if (scaled) {
    const balancer = beforeBalancer(folder, port);
    files.push(...balancer.files);
    Object.assign(env, balancer.env);
    // The certificate is our own, and nobody vouches for it.
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  }
  const system = composed({ project: 'teahouse-check', envFile, files, env });

  const up = async (...which) => {
    const started = Date.now();
    await system.compose('up', '-d', ...which);
    return started;
  };
  const ready = async (started) => {
    const login = () =>
      fetch(`${url}/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'player1', password: '123456' }),
        signal: AbortSignal.timeout(3_000),
      }).then((response) => response.ok);
    await eventually(login, readyMs, 'Nobody can log in');
    return seconds(started);
  };

  try {
    const building = Date.now();
    await system.compose('build');
    say(`images built in ${seconds(building)}`);
    for (const name of services) {
      const { megabytes, own } = await inspectImage(name, secrets);
      say(`teahouse/${name}: ${megabytes} MB, ${own} MB of it our own; nothing in it that should not be`);
    }

    // The services first: they have to wait for what they need.
    const early = await up(...services);
    await up();
    say(`up, services before servers, first login after ${await ready(early)}`);
    const talk = await startTalk(TestClient, url);
    await talk.flows(backMs);
    for (const name of [...services, ...servers])
      for (const container of await system.containers(name)) {
        await system.kill(container);
        const killed = Date.now();
        if (scaled && services.includes(name)) {
          await talk.flows(backMs);
          say(`${name}, one of two, killed: the talk goes on after ${seconds(killed)}`);
        }
        await system.start(container);
        await talk.flows(backMs);
        say(`${name} killed and started: the talk goes on after ${seconds(killed)}`);
      }
    for (const name of services)
      for (const container of await system.containers(name)) {
        const took = await system.stop(container);
        const code = await system.exitCode(container);
        if (took > stopMs || code !== 0) throw new Refusal(`${name} took ${took} ms to stop and ended with ${code}.`);
        await system.start(container);
        await talk.flows(backMs);
        say(`${name} stopped in ${took} ms while it worked, and started: the talk goes on`);
      }
    await talk.end();
    const before = await compareHistory(TestClient, url, talk);
    say(`${talk.acked.length} acknowledged messages are there, each once, in order`);

    // Its log goes with the container.
    const said = await system.logs('nats');
    await system.compose('down');
    const again = await up();
    say(`down and up: first login after ${await ready(again)}`);
    const after = await eventually(() => compareHistory(TestClient, url, talk), backMs, 'No history');
    if (after !== before) throw new Refusal('The data changed over down and up.');
    say('down and up kept the data');
    const refused = `${said}\n${await system.logs('nats')}`.match(/.*Violation.*/g);
    if (refused) throw new Refusal(`NATS refused something: ${refused[0]}`);
  } catch (error) {
    for (const name of [...servers, ...services, ...(scaled ? ['balancer'] : [])])
      process.stderr.write(`--- ${name}\n${await system.logs(name).then((text) => text.slice(-3_000), String)}\n`);
    throw error;
  } finally {
    await system.compose('down', '-v').catch((error) => process.stderr.write(`${error.message}\n`));
    rmSync(folder, { recursive: true });
  }
});
