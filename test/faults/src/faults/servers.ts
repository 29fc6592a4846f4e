import type { PrivateServer } from '@teahouse/test';
import type { Domain } from '../probe.js';
import type { Random } from '../random.js';
import { type DatabaseName, databaseNames, type System } from '../system.js';
import { type Active, everything, goesDown, type Kind, needs } from './kind.js';

/** What needs which database; who knows the keys and the memberships goes on without that of auth and of groups. */
const needsDatabase: Readonly<Record<DatabaseName, readonly Domain[]>> = {
  auth: needs.auth,
  group: needs['group-chat'],
  private: needs['private-chat'],
  archive: ['history'],
};

async function kill(server: PrivateServer, target: string, down: readonly Domain[]): Promise<Active> {
  await server.kill9();
  return { target, effect: goesDown(down), heal: () => server.restart() };
}

async function stop(server: PrivateServer, target: string, down: readonly Domain[]): Promise<Active> {
  server.kill('SIGSTOP');
  return {
    target,
    effect: goesDown(down),
    async heal() {
      server.kill('SIGCONT');
    },
  };
}

const hitDatabase = (name: DatabaseName, how: 'kill' | 'stop'): Kind => ({
  name: `${how} ${name} database`,
  inject: ({ databases }) => (how === 'kill' ? kill : stop)(databases[name], `${name} database`, needsDatabase[name]),
});

const hitNats = (how: 'kill' | 'stop'): Kind => ({
  name: `${how} NATS`,
  inject: ({ nats }) => (how === 'kill' ? kill : stop)(nats, 'NATS', everything),
});

interface Victim {
  readonly target: string;
  kill(): Promise<Pick<Active, 'heal'>>;
}

/** Everything that may be killed: each instance of each service, and each server. */
function victims({ stack, nats, databases }: System): Victim[] {
  const services = Object.values(stack.services).flat();
  return [
    ...services.map((service) => ({
      target: service.name,
      async kill() {
        await service.down('SIGKILL');
        return { heal: () => service.up() };
      },
    })),
    { target: 'NATS', kill: () => kill(nats, 'NATS', everything) },
    ...databaseNames.map((name) => {
      const target = `${name} database`;
      return { target, kill: () => kill(databases[name], target, needsDatabase[name]) };
    }),
  ];
}

/** Kills them together, and starts them together. */
const killTogether = (name: string, choose: (all: Victim[], random: Random) => Victim[]): Kind => ({
  name,
  async inject(system, random) {
    const chosen = choose(victims(system), random);
    const active = await Promise.all(chosen.map((victim) => victim.kill()));
    return {
      target: chosen.map(({ target }) => target).join(', '),
      effect: goesDown(everything, true),
      async heal() {
        await Promise.all(active.map((one) => one.heal()));
      },
    };
  },
});

export const serverKinds: readonly Kind[] = [
  ...databaseNames.flatMap((name) => [hitDatabase(name, 'kill'), hitDatabase(name, 'stop')]),
  hitNats('kill'),
  hitNats('stop'),
  killTogether('kill several', (all, random) => random.shuffled(all).slice(0, random.int(2, 5))),
  killTogether('kill everything', (all) => all),
];
