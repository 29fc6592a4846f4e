import { eventually, type ServiceName, type ServiceProcess, TestClient } from '@teahouse/test';
import { post, register } from '../accounts.js';
import type { Crowd } from '../crowd.js';
import { childrenOf } from '../gauges.js';
import { answerWithinMs } from '../judge/promises.js';
import { pairPlace } from '../message.js';
import { type BackService, backServices, type System } from '../system.js';
import { type Violation, violation } from '../violation.js';
import { everything, goesDown, hiccups, type Kind, needs } from './kind.js';

const startMs = 60_000;

const effectOfOne = (name: ServiceName) => (name === 'gateway' ? hiccups(everything, true) : hiccups(needs[name]));
/** Without auth a gateway is started afresh meanwhile, which its clients notice. */
const effectOfAll = (name: ServiceName) =>
  name === 'auth'
    ? { down: needs.auth, hiccup: everything, drops: true }
    : goesDown(name === 'gateway' ? everything : needs[name], name === 'gateway');

/** Kills one instance; the supervisor starts it again. */
const killOne = (name: ServiceName): Kind => ({
  name: `kill ${name}`,
  async inject({ stack }, random) {
    const service = random.pick(stack.services[name]);
    const before = service.pid;
    service.kill('SIGKILL');
    return {
      target: service.name,
      effect: effectOfOne(name),
      async heal() {
        await eventually(() => service.pid !== before, startMs, `${service.name} was not started again`);
        await service.ready(startMs);
      },
    };
  },
});

const stopOne = (name: ServiceName): Kind => ({
  name: `stop ${name}`,
  ...(name === 'gateway' ? { needsTwo: true } : {}),
  async inject({ stack }, random) {
    const service = random.pick(stack.services[name]);
    service.kill('SIGSTOP');
    return {
      target: service.name,
      effect: effectOfOne(name),
      async heal() {
        service.kill('SIGCONT');
        await service.ready(startMs);
      },
    };
  },
});

/** Both instances are gone for a while. */
const killAll = (name: ServiceName): Kind => ({
  name: `kill all ${name}`,
  async inject(system) {
    const services = system.stack.services[name];
    await Promise.all(services.map((service) => service.down('SIGKILL')));
    return {
      target: `all ${name}`,
      effect: effectOfAll(name),
      heal: () => upAll(services),
      during: async (crowd) => (name === 'gateway' ? [] : await goOn(system, name, crowd)),
    };
  },
});

async function upAll(services: readonly ServiceProcess[]): Promise<void> {
  await Promise.all(services.map((service) => service.up()));
}

/** Every instance ends in order and is started again, one after the other. */
const restartEach = (name: ServiceName): Kind => ({
  name: `restart ${name} in turn`,
  async inject({ stack }) {
    for (const service of stack.services[name]) {
      await service.down('SIGTERM');
      await service.up();
    }
    const effect = name === 'gateway' ? hiccups(everything, true) : hiccups([]);
    return { target: `each ${name}`, effect, heal: async () => {} };
  },
});

const hitWorker = (signal: 'SIGKILL' | 'SIGSTOP'): Kind => ({
  name: `${signal === 'SIGKILL' ? 'kill' : 'stop'} gateway worker`,
  ...(signal === 'SIGSTOP' ? { needsTwo: true } : {}),
  async inject({ stack }, random) {
    const gateway = random.pick(stack.services.gateway);
    const before = childrenOf(gateway.pid);
    const worker = random.pick(before.length > 0 ? before : [gateway.pid]);
    process.kill(worker, signal);
    return {
      target: `${gateway.name} worker`,
      effect: hiccups(everything, true),
      async heal() {
        if (signal === 'SIGSTOP' && (before.length === 0 || childrenOf(gateway.pid).includes(worker)))
          process.kill(worker, 'SIGCONT');
        const back = () => childrenOf(gateway.pid).length === before.length;
        await eventually(back, startMs, `${gateway.name} does not replace its worker`);
        await gateway.ready(startMs);
      },
    };
  },
});

/** All workers of a gateway are replaced one after the other; it never stops serving, and its clients are sent elsewhere. */
const replaceWorkers: Kind = {
  name: 'replace gateway workers',
  async inject({ stack }, random) {
    const gateway = random.pick(stack.services.gateway);
    const before = childrenOf(gateway.pid);
    process.kill(gateway.pid, 'SIGHUP');
    const replaced = () => {
      const now = childrenOf(gateway.pid);
      return now.length === before.length && !now.some((pid) => before.includes(pid));
    };
    await eventually(replaced, startMs, `${gateway.name} does not replace its workers`);
    // Who asks a worker that has said goodbye is told UNAVAILABLE.
    return { target: gateway.name, effect: hiccups(everything, true), heal: () => gateway.ready(startMs) };
  },
};

/** What the protocol promises by name while a whole service is down, on what was never asked before. */
async function goOn(system: System, name: BackService, crowd: Crowd): Promise<Violation[]> {
  const late = (what: string, error: unknown) => [violation('promise', `${name} down: ${what}: ${String(error)}`)];
  const token = crowd.accounts[0]?.token ?? '';
  try {
    if (name === 'group-chat') return await newConversation(system, crowd);
    if (name === 'auth') return await freshGateway(system, token);
    const { client, ready } = await TestClient.login(system.socketUrl, { token });
    await client.close();
    const unavailable = (ready.unavailable ?? []) as string[];
    return unavailable.includes('conversations') ? [] : late('ready', 'does not name the conversations');
  } catch (error) {
    return late('what should go on does not', error);
  }
}

/** Two who never wrote to each other begin to, while nobody can ask group-chat what they have in common. */
async function newConversation({ url, socketUrl }: System, { accounts, ledger }: Crowd): Promise<Violation[]> {
  const newcomer = await register(url, `new-${Date.now()}`);
  const { client } = await TestClient.login(socketUrl, { token: newcomer.token });
  const { client: other, ready } = await TestClient.login(socketUrl, { token: accounts[0]?.token ?? '' });
  const to = (ready.user as { id: number }).id;
  const sent = ledger.begin(pairPlace(newcomer.userId, to), newcomer.userId);
  ledger.tried(sent, newcomer.username);
  const { content, clientId } = sent;
  const ack = await client.request({ type: 'privateMessage', to, content, clientId }, answerWithinMs * 2);
  ledger.acknowledge(sent, ack as unknown as { id: string; seq: number });
  await other.waitFor((frame) => frame.type === 'privateMessage' && frame.from === newcomer.userId);
  await Promise.all([client.close(), other.close()]);
  return [];
}

/** A gateway that never saw auth lets in whoever holds a token, and says within two seconds that nobody checks passwords. */
async function freshGateway({ stack }: System, token: string): Promise<Violation[]> {
  const gateway = stack.services.gateway.at(-1);
  const url = stack.urls.at(-1) ?? '';
  await gateway?.down('SIGTERM');
  await gateway?.up();
  const { client } = await TestClient.login(url.replace(/^http/, 'ws'), { token });
  await client.request({ type: 'history', groupId: 1, limit: 1 });
  await client.close();
  const answer = await post(`${url}/login`, { username: 'nobody', password: 'secret-tea' }).then(
    () => 'a login',
    (error: Error) => error.message,
  );
  return answer === 'UNAVAILABLE' ? [] : [violation('promise', `auth down: a login was answered with ${answer}`)];
}

const all: readonly ServiceName[] = ['gateway', ...backServices];
export const processKinds: readonly Kind[] = [
  ...all.map(killOne),
  ...all.map(stopOne),
  hitWorker('SIGKILL'),
  hitWorker('SIGSTOP'),
  replaceWorkers,
  ...all.map(killAll),
  ...all.map(restartEach),
];
