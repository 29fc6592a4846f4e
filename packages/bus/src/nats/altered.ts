import type { StreamConfig } from '@nats-io/jetstream';

/** The server has a stream or bucket of that name, and more goes into it or out of it than a service would let. */
class AlteredStream extends Error {
  override readonly name = 'AlteredStream';
}

/**
 * Refuses what the server passes on or fetches by itself, without asking for anybody's rights, and what gathers other subjects.
 * Whoever comes first makes a stream; a stolen password might have made this one.
 * @param subject the only one that it may gather
 * @throws AlteredStream
 */
export function refuseAltered(config: StreamConfig, subject: string): void {
  const { name, subjects = [], republish, sources = [], mirror } = config;
  const found = [
    ...(republish ? ['passes on what it gets'] : []),
    ...(mirror || sources.length > 0 ? ['fetches from elsewhere'] : []),
    ...(subjects.length === 1 && subjects[0] === subject ? [] : ['gathers other subjects']),
  ];
  if (found.length > 0)
    throw new AlteredStream(`${name} on the NATS server ${found.join(', ')}; no service made it so`);
}
