import { ConfigError, commonConfig, databaseUrl, loadConfig, port } from '@teahouse/service-kit';
import t from 'tap';
import Type from 'typebox';

const schema = Type.Object({
  ...commonConfig(8011),
  PORT: port(8001, 'where to listen'),
  AUTH_DB_URL: databaseUrl('accounts'),
  SEED_DEMO: Type.Boolean({ default: false, description: 'demo accounts' }),
  TOKEN_TTL_SECONDS: Type.Integer({ minimum: 1, default: 3600, description: 'seconds' }),
  ADMIN_PASSWORD: Type.Optional(Type.String({ minLength: 6, maxLength: 128, description: 'creates admin' })),
});

const enough = { NATS_URL: 'nats://localhost:4222', AUTH_DB_URL: 'mysql://auth:secret@db:3306/auth' };

t.test('declared variables are converted, defaults filled in, the rest left out', async (t) => {
  const config = loadConfig(schema, { ...enough, PORT: '9000', SEED_DEMO: 'true', HOME: '/somewhere' });
  t.strictSame(config, {
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    HEALTH_PORT: 8011,
    ...enough,
    PORT: 9000,
    SEED_DEMO: true,
    TOKEN_TTL_SECONDS: 3600,
  });
});

t.test('an empty string counts as unset', async (t) => {
  const config = loadConfig(schema, { ...enough, PORT: '', ADMIN_PASSWORD: '' });
  t.equal(config.PORT, 8001);
  t.notOk('ADMIN_PASSWORD' in config);
});

const refused: [string, NodeJS.ProcessEnv, string][] = [
  ['text for a number', { PORT: 'abc' }, 'PORT must be an integer between 0 and 65535, not "abc".'],
  ['a number out of range', { PORT: '70000' }, 'PORT must be an integer between 0 and 65535, not "70000".'],
  ['a fraction', { HEALTH_PORT: '1.5' }, 'HEALTH_PORT must be an integer between 0 and 65535, not "1.5".'],
  [
    'a number that is too small',
    { TOKEN_TTL_SECONDS: '0' },
    'TOKEN_TTL_SECONDS must be an integer of at least 1, not "0".',
  ],
  ['a word for a boolean', { SEED_DEMO: 'yes' }, 'SEED_DEMO must be true or false, not "yes".'],
  [
    'an unknown level',
    { LOG_LEVEL: 'loud' },
    'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, not "loud".',
  ],
  [
    'a missing address',
    { AUTH_DB_URL: '' },
    'AUTH_DB_URL is missing: it must be mysql://user:password@host:3306/database or sqlite:path.',
  ],
  [
    'a wrong address, whose password is not told',
    { AUTH_DB_URL: 'postgres://a:secret@h/d' },
    'AUTH_DB_URL must be mysql://user:password@host:3306/database or sqlite:path.',
  ],
  [
    'a short password, which is not told',
    { ADMIN_PASSWORD: 'ab' },
    'ADMIN_PASSWORD must be text between 6 and 128 characters.',
  ],
  [
    'a bus that is none',
    { NATS_URL: 'http://localhost' },
    'NATS_URL must be nats://user:password@host:4222, or several of them with commas.',
  ],
];

for (const [what, env, message] of refused) {
  t.test(`${what} is refused with a sentence`, async (t) => {
    t.throws(() => loadConfig(schema, { ...enough, ...env }), new ConfigError(message));
  });
}
