import type { Bus, Listener, SubscribeOptions } from '@teahouse/bus';

const lost = 0.15;
const late = 0.3;
const lateMs = 90;

/**
 * What a gateway's bus is like at its worst: events of groups are lost, they and what is told to one user come late, and so
 * in any order. By a seed; what the services are asked is answered as ever.
 */
export function disturbed(seed: number): (bus: Bus) => Bus {
  let state = seed;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const hear = (listener: Listener): Listener => {
    return (payload, subject) => {
      const ofGroup = subject.startsWith('group.event.');
      if (!ofGroup && !subject.startsWith('user.')) return listener(payload, subject);
      if (ofGroup && random() < lost) return;
      if (random() >= late) return listener(payload, subject);
      const copy = Uint8Array.from(payload);
      setTimeout(() => listener(copy, subject), random() * lateMs);
    };
  };
  return (bus) =>
    new Proxy(bus, {
      get(target, name: keyof Bus) {
        if (name === 'subscribe')
          return (subject: string, listener: Listener, options?: SubscribeOptions) =>
            target.subscribe(subject, hear(listener), options);
        const value = target[name];
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
}
