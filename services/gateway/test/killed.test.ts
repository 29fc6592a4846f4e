import { fileURLToPath } from 'node:url';
import { connectNats } from '@teahouse/bus';
import { type MembershipEntry, views } from '@teahouse/contracts';
import { eventually, freePort, startProcess, testNats } from '@teahouse/test';
import t from 'tap';
import { type Connect, fakes, gateway, onlineOf, player, pushed, pushes, shows } from './gateways.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

t.test('the users of a gateway that is killed are offline within 15 s, unless they are elsewhere', async (t) => {
  const server = await testNats();
  t.teardown(() => server.stop());
  const connect: Connect = (name) => connectNats({ servers: server.url, name });
  const { bus, services } = await fakes(t, connect, { 5: { members: [2, 3, 4] } });
  const memberships = await bus.view<MembershipEntry>(views.memberships);
  for (const userId of [2, 3, 4]) await memberships.put(String(userId), { groups: [5] }, 1);
  const { ws } = await gateway(t, connect);
  const [port, healthPort] = [await freePort(), await freePort()];
  const env = { PATH: process.env.PATH, NATS_URL: server.url, PORT: String(port), HEALTH_PORT: String(healthPort) };
  const doomed = await startProcess(process.execPath, [main], { env, output: { line: () => {} } });
  const ready = async () => (await fetch(`http://127.0.0.1:${healthPort}/health/ready`)).ok;
  await eventually(ready, 60_000, 'the gateway is not ready');
  const witness = await player(services, ws, 3);
  const there = `ws://127.0.0.1:${port}`;
  const [gone, moved] = [await player(services, there, 2), await player(services, there, 4)];
  await shows(witness, [2, 3, 4], '2,3,4');

  doomed.kill('SIGKILL');
  const killedAt = Date.now();
  await Promise.all([gone.closed, moved.closed]);
  await player(services, ws, 4);
  const frame = await pushed(witness, 2, false);
  // 15 s, and a little for a busy machine.
  t.ok(Date.now() - killedAt <= 17_000, `after ${Date.now() - killedAt} ms`);
  const time = Date.parse(String(frame.lastOnlineTime));
  t.ok(time > killedAt - 6000 && time <= killedAt + 1000, 'about the time of its last sign of life');
  t.equal(await onlineOf(witness, [2, 3, 4]), '3,4');
  t.notOk(
    pushes(witness).some(({ userId, online }) => userId === 4 && online === false),
    'who came back at once',
  );
});
