import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from './config.js';

export type Log = Logger;

const secrets = ['password', 'token', 'refreshToken', 'idempotencyKey', 'authorization', 'oldPassword', 'newPassword'];

/**
 * The log of one service: JSON lines on standard output, times in ISO 8601 UTC.
 * Secrets are blanked by their name in the logged object and two levels below; deeper ones are not looked for.
 */
export function createLog(options: { name: string; level: LogLevel }, destination?: DestinationStream): Log {
  const settings = {
    name: options.name,
    level: options.level,
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[hidden]' },
    serializers: { err: describeError, error: describeError },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

interface ErrorRecord {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: unknown;
}

/**
 * Keeps what helps to find a fault. Left out are all other fields: drivers hang the statement and its values
 * on their errors, and with them what people wrote.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'object' ? '[not an error]' : error;
  const code = (error as { code?: unknown }).code;
  const record: ErrorRecord = {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    // Causes may form a ring.
    ...(error.cause === undefined || depth >= 3 ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
  return record;
}
