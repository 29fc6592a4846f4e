import { envSchema } from 'env-schema';
import Type, { type Static, type TObject } from 'typebox';

/** The configuration cannot be used. The message is one sentence for the operator and never holds a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A TCP port to listen on; 0 lets the system choose. */
export const port = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 65535, default: fallback, description });

/**
 * What every real service reads; spread it into the service's own schema.
 * @param healthPort default of HEALTH_PORT: each service has its own, so that all can run on one machine.
 */
export const commonConfig = (healthPort: number) => ({
  LOG_LEVEL: Type.Enum([...logLevels], { default: 'info', description: 'least severity that is logged' }),
  HOST: Type.String({
    default: '127.0.0.1',
    description: 'address to listen on; loopback, as nothing is public by accident',
  }),
  HEALTH_PORT: port(healthPort, 'GET /health/live, /health/ready, /metrics'),
  NATS_URL: Type.String({
    pattern: '^(nats|tls)://[^\\s,]+(,(nats|tls)://[^\\s,]+)*$',
    title: 'nats://user:password@host:4222, or several of them with commas',
    description: 'the bus between the services',
  }),
});

/** The address of a database. @param purpose what it holds, for the documentation. */
export const databaseUrl = (purpose: string) =>
  Type.String({
    pattern: '^(mysql://[^\\s/]+/[^\\s/?#]+|sqlite:\\S.*)$',
    title: 'mysql://user:password@host:3306/database or sqlite:path',
    description: purpose,
  });

/**
 * Reads the variables that `schema` declares. An empty string counts as unset, numbers and booleans are converted,
 * defaults filled in, everything undeclared left out.
 * @throws ConfigError whose sentence names the first variable that is wrong.
 */
export function loadConfig<S extends TObject>(schema: S, env: NodeJS.ProcessEnv = process.env): Static<S> {
  const properties: Record<string, unknown> = schema.properties;
  const given: Record<string, string> = {};
  for (const name of Object.keys(properties)) {
    const value = env[name];
    if (value !== undefined && value !== '') given[name] = value;
  }
  try {
    // A copy: env-schema writes `additionalProperties` into what it is given.
    return envSchema<Static<S>>({ schema: { ...schema }, data: { ...given }, env: false });
  } catch (error) {
    throw new ConfigError(sentence(error, properties, given), { cause: error });
  }
}

interface Violation {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: { readonly missingProperty?: string };
}

function sentence(error: unknown, properties: Record<string, unknown>, given: Record<string, string>): string {
  const first = (error as { errors?: Violation[] }).errors?.[0];
  if (first === undefined) throw error;
  const name = first.params.missingProperty ?? first.instancePath.slice(1);
  const schema = (properties[name] ?? {}) as PropertySchema;
  if (first.keyword === 'required') return `${name} is missing: it must be ${expectation(schema)}.`;
  // Text may be a secret or hold one, so it is not repeated.
  const shown = schema.type === 'string' ? '' : `, not ${JSON.stringify(given[name])}`;
  return `${name} must be ${expectation(schema)}${shown}.`;
}

interface PropertySchema {
  readonly type?: string;
  readonly title?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

function expectation(schema: PropertySchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  if (schema.type === 'boolean') return 'true or false';
  const kind = schema.type === 'integer' ? 'an integer' : schema.type === 'number' ? 'a number' : 'text';
  const range = schema.type === 'string' ? [schema.minLength, schema.maxLength] : [schema.minimum, schema.maximum];
  return `${kind}${bounds(range[0], range[1])}${schema.type === 'string' && range.some(Number.isInteger) ? ' characters' : ''}`;
}

function bounds(low: number | undefined, high: number | undefined): string {
  if (low !== undefined && high !== undefined) return ` between ${low} and ${high}`;
  if (low !== undefined) return ` of at least ${low}`;
  return high === undefined ? '' : ` of at most ${high}`;
}
