import { databaseUrl } from '@teahouse/service-kit';
import Type from 'typebox';

/** What the environment says about the archive of one log. */
export interface ArchiveSettings {
  /** The name of the variable that holds `url`. */
  readonly variable: string;
  readonly url: string | undefined;
  readonly maxAgeMs: number;
  readonly maxRows: number;
  readonly intervalMs: number;
}

/** When old messages leave the hot database; spread it into a service's schema beside its own archive's address. */
export const retentionConfig = {
  HOT_MAX_AGE_DAYS: Type.Number({
    minimum: 0,
    maximum: 100_000,
    default: 30,
    description: 'days after which archived messages leave the hot database',
  }),
  HOT_MAX_ROWS: Type.Integer({
    minimum: 0,
    default: 5_000_000,
    description: 'messages that the hot database keeps; the oldest archived ones beyond leave it',
  }),
  RETENTION_INTERVAL_MS: Type.Integer({
    minimum: 50,
    maximum: 24 * 3600 * 1000,
    default: 60_000,
    description: 'how often eviction looks, and archiving looks for what it missed',
  }),
};

/** The address of an archive, which may be missing. */
export const archiveUrl = (purpose: string) => Type.Optional(databaseUrl(purpose));

interface RetentionConfig {
  readonly HOT_MAX_AGE_DAYS: number;
  readonly HOT_MAX_ROWS: number;
  readonly RETENTION_INTERVAL_MS: number;
}

const dayMs = 24 * 3600 * 1000;

/** @param variable the one that holds the address */
export function archiveSettings<V extends string>(
  config: RetentionConfig & { readonly [name in V]?: string },
  variable: V,
): ArchiveSettings {
  return {
    variable,
    url: config[variable],
    maxAgeMs: config.HOT_MAX_AGE_DAYS * dayMs,
    maxRows: config.HOT_MAX_ROWS,
    intervalMs: config.RETENTION_INTERVAL_MS,
  };
}
