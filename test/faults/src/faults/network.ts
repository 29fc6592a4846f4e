import type { Link } from '../link.js';
import type { Domain } from '../probe.js';
import { backServices, type InstanceLinks } from '../system.js';
import { everything, goesDown, hiccups, type Kind, needs } from './kind.js';

type Way = 'nats' | 'database' | 'archive';
type Harm = 'cut' | 'hold' | 'delay';

/** Milliseconds that a delayed connection takes longer each way. */
const delaysMs = [40, 120] as const;

const names: Readonly<Record<Way, string>> = { nats: 'NATS', database: 'database', archive: 'archive' };
function harm(link: Link, how: Harm, ms: number): void {
  if (how === 'cut') link.cut();
  else if (how === 'hold') link.hold();
  else link.delay(ms);
}

/** One instance's way to a server; the other instance has its own. */
const between = (who: string, services: readonly InstanceLinks['service'][], way: Way, how: Harm): Kind => ({
  name: `${how} ${who} to ${names[way]}`,
  async inject({ instances }, random) {
    const chosen = random.pick(instances.filter((one) => services.includes(one.service) && one[way]));
    const link = chosen[way] as Link;
    harm(link, how, random.int(...delaysMs));
    return {
      target: `${chosen.name} to ${names[way]}`,
      effect: effectOf(chosen.service, way, how),
      heal: async () => link.heal(),
    };
  },
});

function effectOf(name: InstanceLinks['service'], way: Way, how: Harm) {
  // A gateway that lost the bus answers UNAVAILABLE to its own clients until it is back; the other one goes on.
  if (name === 'gateway') return goesDown(everything, true);
  if (way === 'archive') return goesDown(['history']);
  const hit: readonly Domain[] = needs[name];
  // An instance whose database is out of reach still answers, with UNAVAILABLE, as long as that lasts.
  return way === 'database' || how === 'delay' ? goesDown(hit) : hiccups(hit);
}

const clients = (how: Harm): Kind => ({
  name: `${how} clients to gateways`,
  async inject(system, random) {
    harm(system.clients, how, random.int(...delaysMs));
    return { target: 'all clients', effect: goesDown([], true), heal: async () => system.clients.heal() };
  },
});

const harms: readonly Harm[] = ['cut', 'hold', 'delay'];
export const networkKinds: readonly Kind[] = harms.flatMap((how) => [
  clients(how),
  between('gateway', ['gateway'], 'nats', how),
  between('service', backServices, 'nats', how),
  between('service', backServices, 'database', how),
  between('service', ['group-chat', 'private-chat'], 'archive', how),
]);
