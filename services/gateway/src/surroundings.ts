import type { Log } from '@teahouse/service-kit';
import type { Admission, InFlight } from './admission.js';
import type { Backlog } from './backlog.js';
import type { Tools } from './frames/index.js';
import type { Logins } from './login.js';
import type { FrameRates } from './rate.js';

/** What all connections of a gateway share. */
export interface Surroundings {
  readonly tools: Tools;
  readonly logins: Logins;
  readonly log: Log;
  readonly rates: FrameRates;
  readonly admission: Admission;
  readonly inFlight: InFlight;
  readonly backlog: Backlog;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
}

/** Who keeps count of the connections. */
export interface Registry<Connection> {
  /** The connection belongs to its `userId` now. False: the user has too many already. */
  admit(connection: Connection): boolean;
  /** `ready` was sent; the user is online. */
  ready(connection: Connection): void;
  /** It takes part in nothing any more; its socket may be closing still. */
  left(connection: Connection): void;
  /** The socket is closed. */
  gone(connection: Connection): void;
}
