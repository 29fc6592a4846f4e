import { fileURLToPath } from 'node:url';
import { connectNats } from '@teahouse/bus';
import { startGateway } from '@teahouse/gateway';
import { createLog } from '@teahouse/service-kit';
import { eventually, freePort, type RequestError, startProcess, TestClient, testNats } from '@teahouse/test';
import t from 'tap';
import { FakeServices, testSettings, userOf } from './fakes.js';

const log = createLog({ name: 'gateway-test', level: 'silent' });
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

t.test('while NATS is gone sockets stay open and all is unavailable; when it is back all goes on', async (t) => {
  const nats = await testNats();
  const bus = await connectNats({ servers: nats.url, name: 'fakes' });
  const own = await connectNats({ servers: nats.url, name: 'gateway' });
  const services = new FakeServices(bus);
  for (const name of ['auth', 'group', 'private'] as const) services.start(name);
  await services.publishKey();
  await bus.flush();
  const gateway = await startGateway({ bus: own, config: testSettings(), log, pageDir: '/nonexistent' });
  t.teardown(async () => {
    await gateway.close();
    await Promise.all([own.close(), bus.close()]);
    await nats.stop();
  });
  const url = gateway.url.replace('http', 'ws');
  const { client } = await TestClient.login(url, { username: 'player2', password: '123456' });
  t.equal((await client.request({ type: 'groupMessage', content: 'a' })).seq, 1);

  await nats.kill9();
  const before = performance.now();
  for (const frame of [
    { type: 'groupMessage', content: 'b' },
    { type: 'history', with: 3 },
  ]) {
    const error = await client.request(frame).catch((error: RequestError) => error);
    t.match(error, { frame: { code: 'UNAVAILABLE' } });
  }
  t.ok(performance.now() - before < 2000);
  t.equal((await client.request({ type: 'heartbeat' })).type, 'heartbeat');
  await eventually(() => !gateway.ready().ok, 5000, 'not ready');
  const during = await TestClient.login(url, { token: services.token(userOf('player3')) });
  t.same([...(during.ready.unavailable as string[])].sort(), ['conversations', 'groups'], 'a token opens still');

  await nats.restart();
  const back = performance.now();
  const again = () => client.request({ type: 'groupMessage', content: 'c' }).catch(() => undefined);
  t.match(await eventually(again, 5000, 'works again'), { type: 'ack', seq: 2 });
  await during.client.waitFor((frame) => frame.type === 'groups');
  t.ok(performance.now() - back < 5000);
  t.ok(gateway.ready().ok);
});

t.test('the process stops gracefully, and does not start with bad configuration', async (t) => {
  const nats = await testNats();
  const bus = await connectNats({ servers: nats.url, name: 'fakes' });
  t.teardown(async () => {
    await bus.close();
    await nats.stop();
  });
  const services = new FakeServices(bus);
  for (const name of ['auth', 'group', 'private'] as const) services.start(name);
  const [port, healthPort] = [await freePort(), await freePort()];
  const env = { PATH: process.env.PATH, NATS_URL: nats.url, PORT: String(port), HEALTH_PORT: String(healthPort) };
  const said: string[] = [];
  const output = { line: (line: string) => void said.push(line) };
  const running = await startProcess(process.execPath, [main], { env, output });
  const answers = async () => (await fetch(`http://127.0.0.1:${healthPort}/health/ready`)).ok;
  await eventually(answers, 10_000, 'the gateway is ready');
  t.match(await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text(), /nodejs_eventloop_lag/);
  t.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 404);
  const { client } = await TestClient.login(`ws://127.0.0.1:${port}`, { username: 'player2', password: '123456' });
  running.kill('SIGTERM');
  t.equal((await client.closed).code, 1012);
  t.equal((await running.finished()).code, 0);

  const sentences = [
    [{ PORT: 'abc' }, 'PORT must be an integer between 0 and 65535, not "abc".'],
    [{ PORT: String(nats.port) }, `PORT ${nats.port} is in use on 127.0.0.1 already.`],
    [{ NATS_URL: '' }, /^NATS_URL is missing/],
    [{ TRUST_PROXY: 'nonsense' }, /^TRUST_PROXY must be/],
    [{ ALLOWED_ORIGINS: 'nonsense' }, /^ALLOWED_ORIGINS must be/],
  ] as const;
  for (const [wrong, sentence] of sentences) {
    said.length = 0;
    const bad = await startProcess(process.execPath, [main], { env: { ...env, ...wrong }, output });
    t.equal((await bad.finished()).code, 1);
    t.match(said.at(-1), sentence);
  }
});
