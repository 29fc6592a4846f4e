import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { authServiceConfig } from '@teahouse/auth';
import { gatewayConfig } from '@teahouse/gateway';
import { groupChatConfig } from '@teahouse/group-chat';
import { privateChatConfig } from '@teahouse/private-chat';
import { type ServiceName, serviceNames } from '@teahouse/test';
import t from 'tap';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';

/* What is deployed, checked as text: no container engine is needed. */

const root = join(import.meta.dirname, '..', '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

const Names = Type.Array(Type.String());
const Environment = Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]));
const strict = { additionalProperties: false };
/** The part of the compose file's form that is used here; anything else is a slip of the pen. */
const Service = Type.Object(
  {
    image: Type.String(),
    build: Type.Object({
      context: Type.Literal('.'),
      dockerfile: Type.Literal('deploy/Dockerfile'),
      args: Type.Object({ SERVICE: Type.String() }, strict),
    }),
    command: Names,
    restart: Type.Literal('unless-stopped'),
    read_only: Type.Boolean(),
    tmpfs: Names,
    cap_drop: Names,
    security_opt: Names,
    pids_limit: Type.Integer({ minimum: 1 }),
    logging: Type.Object(
      {
        driver: Type.Literal('json-file'),
        options: Type.Object({ 'max-size': Type.String(), 'max-file': Type.String() }, strict),
      },
      strict,
    ),
    stop_grace_period: Type.String({ pattern: '^[0-9]+s$' }),
    environment: Environment,
    volumes: Names,
    ports: Names,
    networks: Names,
    ulimits: Type.Object({ nofile: Type.Object({ soft: Type.String(), hard: Type.String() }, strict) }, strict),
    healthcheck: Type.Object(
      {
        test: Names,
        interval: Type.Optional(Type.String()),
        timeout: Type.Optional(Type.String()),
        start_period: Type.Optional(Type.String()),
      },
      strict,
    ),
    deploy: Type.Object({ replicas: Type.Integer({ minimum: 1 }) }, strict),
  },
  strict,
);
const Compose = Type.Object(
  {
    name: Type.Optional(Type.Literal('teahouse')),
    'x-logging': Type.Optional(Type.Unknown()),
    'x-service': Type.Optional(Type.Unknown()),
    services: Type.Record(Type.String(), Type.Partial(Service, strict)),
    networks: Type.Optional(
      Type.Record(Type.String(), Type.Object({ internal: Type.Optional(Type.Boolean()) }, strict)),
    ),
    volumes: Type.Optional(Type.Record(Type.String(), Type.Object({}, strict))),
  },
  strict,
);
type Compose = Static<typeof Compose>;

const names = ['docker-compose.yml', 'docker-compose.mysql.yml', 'docker-compose.scaled.yml'] as const;
const files = Object.fromEntries(names.map((name) => [name, parse(read(name), { merge: true }) as Compose])) as Record<
  (typeof names)[number],
  Compose
>;
const base = files['docker-compose.yml'];
const service = (name: string) => {
  const found = base.services[name];
  if (!found) throw new Error(`There is no ${name} in docker-compose.yml`);
  return found;
};

const configs = {
  auth: authServiceConfig,
  'group-chat': groupChatConfig,
  'private-chat': privateChatConfig,
  gateway: gatewayConfig,
};
interface Variable {
  readonly default?: unknown;
}
const variablesOf = (name: ServiceName) => configs[name].properties as Record<string, Variable>;
/** The image sets these, or the file to mount decides; compose does not hand them on. */
const ofTheImage = ['HOST', 'PORT', 'HEALTH_PORT', 'JWT_PRIVATE_KEY_FILE'];

t.test('the compose files have the form of compose files', async (t) => {
  const validator = Compile(Compose);
  for (const name of names) t.same([...validator.Errors(files[name])], [], name);
});

t.test('no container fills the disk with what it says, or wins rights that it did not begin with', async (t) => {
  const merged = { ...files['docker-compose.scaled.yml'].services, ...base.services };
  t.ok(merged.balancer && merged.nats && merged.database);
  for (const [name, { logging, security_opt: options }] of Object.entries(merged)) {
    t.match(logging?.options, { 'max-size': /^[0-9]+m$/, 'max-file': /^[0-9]+$/ }, name);
    t.ok(options?.includes('no-new-privileges:true'), name);
  }
  for (const name of serviceNames) t.ok(service(name).pids_limit, name);
});

t.test('each service: an image of its own, nothing to write, no rights, no secret in the file', async (t) => {
  for (const name of serviceNames) {
    t.match(service(name), {
      image: `teahouse/${name}`,
      build: { args: { SERVICE: name } },
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
    });
  }
  const published = Object.entries(base.services).filter(([, { ports }]) => ports !== undefined);
  t.same(
    published.map(([name]) => name),
    ['gateway'],
  );
  t.match(service('gateway').ports?.[0], /^\$\{PUBLISH:-127\.0\.0\.1:8001\}:8001$/);
  t.notOk(service('gateway').networks?.includes('data'), 'the gateway does not reach the databases');
  t.match(base.networks, { bus: { internal: true }, data: { internal: true } });
  for (const name of names) {
    for (const [variable, value] of environments(files[name]))
      if (/PASSWORD|URL/.test(variable)) t.match(value ?? '${', /\$\{/, `${name}: ${variable} has no password in it`);
  }
});

function environments(file: Compose): [string, string | null][] {
  return Object.values(file.services).flatMap(({ environment }) => Object.entries(environment ?? {}));
}

t.test('each variable that a service reads is handed on by compose, and none that nobody reads', async (t) => {
  for (const name of serviceNames) {
    const given = Object.keys(service(name).environment ?? {});
    const known = Object.keys(variablesOf(name)).filter((variable) => !ofTheImage.includes(variable));
    t.same([...given].sort(), known.sort(), name);
    const more = files['docker-compose.scaled.yml'].services[name]?.environment ?? {};
    for (const variable of Object.keys(more)) t.ok(known.includes(variable), `scaled ${name}: ${variable}`);
  }
});

t.test('the operating page tells of every variable, with its default', async (t) => {
  const page = read('docs', 'operating.md');
  const rows = new Map(
    [...page.matchAll(/^\| `([A-Z_]+)` \| ([^|]*) \| ([^|]*) \|/gm)].map(([, name, fallback, users]) => [
      name as string,
      { fallback: (fallback as string).trim(), users: (users as string).trim() },
    ]),
  );
  for (const name of serviceNames) {
    for (const [variable, schema] of Object.entries(variablesOf(name))) {
      const row = rows.get(variable);
      t.ok(row, `${variable} is in the table`);
      t.ok(row?.users === 'all' || row?.users.split(', ').includes(name), `${variable}: read by ${name}`);
      if (schema.default !== undefined)
        t.match(row?.fallback, `\`${String(schema.default)}\``, `${variable}: default of ${name}`);
    }
  }
  const known = new Set(serviceNames.flatMap((name) => Object.keys(variablesOf(name))));
  const used = new Set(names.flatMap((name) => [...read(name).matchAll(/\$\{([A-Z_]+)/g)].map(([, used]) => used)));
  for (const variable of rows.keys())
    t.ok(known.has(variable) || used.has(variable), `${variable} is read by somebody`);
  for (const variable of used) t.ok(rows.has(variable as string), `${variable} of the compose files is in the table`);
});

t.test('the operating page tells of every metric', async (t) => {
  const page = read('docs', 'operating.md');
  const sources = ['packages', 'services'].flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((name) =>
      readdirSync(join(root, folder, name, 'src'), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => read(folder, name, 'src', file)),
    ),
  );
  const metrics = sources.flatMap((text) =>
    [...text.matchAll(/(?:'|^ +)(teahouse_[a-z_]+)(?:'|: \[)/gm)].map(([, name]) => name),
  );
  t.ok(metrics.length > 0);
  for (const name of metrics) t.match(page, `\`${name}\``);
});

t.test('every password that compose wants is written by the script', async (t) => {
  const script = read('deploy', 'secrets.sh');
  const wanted = new Set(
    names.flatMap((name) => [...read(name).matchAll(/\$\{(\w+_PASSWORD)/g)].map(([, used]) => used)),
  );
  t.ok(wanted.size > 8);
  for (const name of wanted) t.match(script, new RegExp(`\\b${name}\\b`));
});

t.test('the health check knows the ports', async (t) => {
  const known = read('deploy', 'healthcheck.mjs');
  for (const name of serviceNames)
    t.match(known, new RegExp(`'?${name}'?: ${String(variablesOf(name).HEALTH_PORT?.default)}\\b`));
});

t.test('the image: one Node, one package manager, not root, nothing but what it needs goes in', async (t) => {
  const dockerfile = read('deploy', 'Dockerfile');
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)]
    .map(([, image]) => image)
    .filter((image) => image?.includes(':'));
  t.equal(new Set(bases).size, 1);
  const [pnpm] = /pnpm@[0-9.]+/.exec(read('scripts', 'lib', 'setup.mjs')) ?? [];
  for (const [found] of dockerfile.matchAll(/pnpm@[0-9.]+/g)) t.equal(found, pnpm);
  t.match(dockerfile, '--frozen-lockfile');
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  for (const line of ['USER node', 'STOPSIGNAL SIGTERM', 'HEALTHCHECK']) t.match(last, `\n${line}`);
  t.match(read('.dockerignore'), /^\*$/m, 'what is not named stays out');
});

t.test('the balancer hands sockets on, for longer than the gateway waits for a sign of life', async (t) => {
  const text = read('deploy', 'haproxy.cfg');
  const [, seconds] = /timeout tunnel (\d+)s/.exec(text) ?? [];
  t.ok(Number(seconds) * 1000 > Number(variablesOf('gateway').HEARTBEAT_TIMEOUT_MS?.default));
  t.match(text, /^ {2}hard-stop-after /m, 'what was reloaded ends');
  t.match(text, /bind :8443 ssl/);
  t.notMatch(text, /maxconn/, 'with fewer open files than a stated number wants, it would not start');
});
