import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { composed } from './lib/engine.mjs';
import { inspectImage } from './lib/images.mjs';
import { Refusal, root, runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';
import { compareHistory, startTalk } from './lib/talk.mjs';

const usage = `npm run compose:check    builds the images, looks into them, brings the composed system up beside whatever runs here, and
                         kills, stops and starts every part of it while two clients talk. COMPOSE and ENGINE name the
                         programs ("docker compose" and "docker" unless told), PORT a free port (18001).`;

const services = ['auth', 'group-chat', 'private-chat', 'gateway'];
const servers = ['nats', 'database'];
const readyMs = 180_000;
const backMs = 60_000;
const stopMs = 10_000;

const say = (sentence) => process.stdout.write(`${sentence}\n`);
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

await runMain(usage, async () => {
  parseArgs();
  await setup({ projects: ['test', 'packages/client'], page: false });
  const { eventually, TestClient } = await import('../test/dist/index.js');
  const url = `http://127.0.0.1:${process.env.PORT || 18001}`;
  const folder = mkdtempSync(join(tmpdir(), 'teahouse-compose-'));
  const envFile = join(folder, 'env');
  execFileSync('sh', [join(root, 'deploy', 'secrets.sh'), envFile]);
  const secrets = readFileSync(envFile, 'utf8').match(/(?<==)\S+/g) ?? [];
  appendFileSync(envFile, `PUBLISH=${new URL(url).host}\nOPEN_FILES=8192\nSEED_DEMO=true\nRATE_LOGINS_PER_MINUTE=0\n`);
  const system = composed({ project: 'teahouse-check', envFile });

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
    for (const name of [...services, ...servers]) {
      await system.kill(name);
      const killed = Date.now();
      await system.start(name);
      await talk.flows(backMs);
      say(`${name} killed and started: the talk goes on after ${seconds(killed)}`);
    }
    for (const name of services) {
      const took = await system.stop(name);
      const code = await system.exitCode(name);
      if (took > stopMs || code !== 0) throw new Refusal(`${name} took ${took} ms to stop and ended with ${code}.`);
      await system.start(name);
      await talk.flows(backMs);
      say(`${name} stopped in ${took} ms while it worked, and started: the talk goes on`);
    }
    await talk.end();
    const before = await compareHistory(TestClient, url, talk);
    say(`${talk.acked.length} acknowledged messages are there, each once, in order`);

    await system.compose('down');
    const again = await up();
    say(`down and up: first login after ${await ready(again)}`);
    const after = await eventually(() => compareHistory(TestClient, url, talk), backMs, 'No history');
    if (after !== before) throw new Refusal('The data changed over down and up.');
    say('down and up kept the data');
    const refused = (await system.logs('nats')).match(/.*Violation.*/g);
    if (refused) throw new Refusal(`NATS refused something: ${refused[0]}`);
  } catch (error) {
    for (const name of [...servers, ...services])
      process.stderr.write(`--- ${name}\n${await system.logs(name).then((text) => text.slice(-3_000), String)}\n`);
    throw error;
  } finally {
    await system.compose('down', '-v').catch((error) => process.stderr.write(`${error.message}\n`));
    rmSync(folder, { recursive: true });
  }
});
