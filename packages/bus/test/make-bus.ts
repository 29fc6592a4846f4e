import type { Bus } from '@teahouse/bus';

/** Opens a connection of its own for a service of that name. */
export type MakeBus = (name: string) => Promise<Bus>;
