import { TeahouseError } from '@teahouse/contracts';

/**
 * `duplicate`: a unique key is taken. `deadlock`: the server rolled the transaction back. `locked`: a lock was not given
 * in time; the transaction is still open. `connection`: no answer from a healthy, writable database. `other`: the rest.
 */
export type ErrorKind = 'duplicate' | 'deadlock' | 'locked' | 'connection' | 'other';

/** Server error numbers that say: not now, or not this server. MySQL's and MariaDB's manuals list them. */
const connectionErrnos = new Set([
  1021, 1040, 1041, 1042, 1043, 1044, 1045, 1047, 1049, 1053, 1077, 1080, 1129, 1130, 1152, 1158, 1159, 1160, 1161,
  1184, 1203, 1226, 1290, 1317, 1792, 1836, 1927, 1969, 2006, 2013, 3024, 3032, 3169, 4031,
]);

const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOENT',
  'ERR_STREAM_DESTROYED',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'SQLITE_FULL',
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
]);

/** mysql2 throws these without a code. */
const connectionMessages = new Set(['Queue limit reached.', 'Pool is closed.', 'No connections available.']);

interface DriverError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly fatal?: unknown;
  readonly message?: unknown;
  readonly driverError?: unknown;
  readonly cause?: unknown;
}

/** Says what kind of failure `error`, or what it wraps, is. */
export function classify(error: unknown): ErrorKind {
  let current: unknown = error;
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    const driver: DriverError = current;
    const kind = classifyOne(driver);
    if (kind !== 'other') return kind;
    current = driver.driverError ?? driver.cause;
  }
  return 'other';
}

function classifyOne({ code, errno, fatal, message }: DriverError): ErrorKind {
  if (errno === 1062 || errno === 1586) return 'duplicate';
  if (errno === 1213) return 'deadlock';
  // 3572: a row was locked and NOWAIT asked for.
  if (errno === 1205 || errno === 3572) return 'locked';
  if (typeof code === 'string') {
    if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === 'SQLITE_CONSTRAINT_UNIQUE') return 'duplicate';
    if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return 'locked';
    if (connectionCodes.has(code) || code.startsWith('SQLITE_IOERR')) return 'connection';
  }
  if (typeof errno === 'number' && connectionErrnos.has(errno)) return 'connection';
  // mysql2 marks errors fatal after which the connection cannot be used.
  if (fatal === true || (typeof message === 'string' && connectionMessages.has(message))) return 'connection';
  return 'other';
}

/** UNAVAILABLE for everything that may be gone the next time, with the driver's error as cause; anything else unchanged. */
export function presentable(error: unknown): unknown {
  if (error instanceof TeahouseError) return error;
  const kind = classify(error);
  return kind === 'connection' || kind === 'deadlock' || kind === 'locked' ? unavailable(error) : error;
}

export function unavailable(cause: unknown): TeahouseError {
  return new TeahouseError('UNAVAILABLE', undefined, { cause });
}
