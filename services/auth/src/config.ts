import { limits } from '@teahouse/contracts';
import { commonConfig, databaseUrl } from '@teahouse/service-kit';
import Type, { type Static } from 'typebox';

/** What auth itself reads from the environment, whatever process it runs in. */
export const authConfig = Type.Object({
  TOKEN_TTL_SECONDS: Type.Integer({
    minimum: 10,
    maximum: 7 * 24 * 3600,
    default: 3600,
    description:
      'life of an access token; an ended login is remembered in the views for as long as tokens of it may be alive',
  }),
  JWT_PRIVATE_KEY_FILE: Type.Optional(
    Type.String({
      title: 'the path of a PEM file with a P-256 private key',
      description: 'unset: a key is made and kept in the database',
    }),
  ),
  SEED_DEMO: Type.Boolean({ default: false, description: 'accounts admin, player1 … player4 with password 123456' }),
  ADMIN_PASSWORD: Type.Optional(
    Type.String({
      minLength: limits.passwordMin,
      maxLength: limits.password,
      description: 'creates or updates `admin` where demo data is off',
    }),
  ),
  RATE_LOGINS_PER_MINUTE: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    default: 20,
    description:
      'failed logins per address and per account, registrations per address; 0: no limit. Each instance counts for itself',
  }),
});
export type AuthConfig = Static<typeof authConfig>;

/** The environment of auth as a process of its own. */
export const authServiceConfig = Type.Object({
  ...commonConfig(8011),
  ...authConfig.properties,
  AUTH_DB_URL: databaseUrl('accounts, logins and keys'),
});
