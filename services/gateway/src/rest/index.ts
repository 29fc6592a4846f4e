import { type Bus, firstWrong } from '@teahouse/bus';
import { TeahouseError } from '@teahouse/contracts';
import { ConfigError, type Log } from '@teahouse/service-kit';
import fastify, { type FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { WebSocket } from 'ws';
import type { GatewaySettings } from '../config.js';
import type { Tokens } from '../tokens.js';
import type { Users } from '../users.js';
import { registerAdmin } from './admin.js';
import { registerCalls } from './calls.js';
import { registerDocs } from './docs.js';
import { clientErrorHandler, frameworkErrors, setErrorAnswers } from './errors.js';
import { registerPage } from './page.js';
import { numbersOf } from './schema.js';
import { registerHeaders } from './security.js';
import { registerSockets, socketRoute } from './sockets.js';

export interface HttpOptions {
  readonly bus: Bus;
  readonly config: GatewaySettings;
  readonly log: Log;
  readonly tokens: Tokens;
  readonly users: Users;
  readonly pageDir: string;
  readonly ready: () => { ok: boolean; details: Record<string, unknown> };
  readonly mayOpen: () => boolean;
  readonly opened: (socket: WebSocket, address: string) => void;
}

const bodyBytes = 16 * 1024;
const requestTimeoutMs = 10_000;
/** Requests under way may take this long once the server is told to close. */
const closeMs = 2000;

export interface Http {
  readonly url: string;
  /** Takes no new connections from now on, so that another process on this port gets them; those that are open go on. */
  stopListening(): void;
  close(): Promise<void>;
}

/** Listens on HOST and PORT: the page, REST, the documents, health, and the socket on `/`. */
export async function startHttp(options: HttpOptions): Promise<Http> {
  const { config, log } = options;
  const app = createApp(config, log);
  setErrorAnswers(app, log);
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const validator = Compile(schema as TSchema);
    const read = httpPart === 'body' ? undefined : numbersOf(schema as TSchema);
    return (given: unknown) => {
      const value = read === undefined ? given : read(given);
      const wrong = firstWrong(validator as never, value);
      return wrong === undefined ? { value } : { error: new TeahouseError('BAD_REQUEST', wrong) };
    };
  });
  await registerSockets(app, log);
  await registerHeaders(app);
  await registerDocs(app);
  registerCalls(app, options);
  registerAdmin(app, options);
  const hidden = { schema: { hide: true } };
  app.get('/health/live', hidden, async () => ({ ok: true }));
  app.get('/health/ready', hidden, async (_request, reply) => {
    const readiness = options.ready();
    return reply.code(readiness.ok ? 200 : 503).send(readiness);
  });
  const page = await registerPage(app, options.pageDir);
  const { mayOpen, opened } = options;
  const sockets = socketRoute({ allowedOrigins: config.ALLOWED_ORIGINS, log, mayOpen, opened });
  const { onRequest, wsHandler } = sockets;
  app.route({ method: 'GET', url: '/', ...hidden, onRequest, handler: page, wsHandler });
  await listen(app, config);
  let stopped: Promise<void> | undefined;
  const stopListening = () => {
    stopped ??= new Promise((resolve) => app.server.close(() => resolve()));
    return stopped;
  };
  return {
    url: urlOf(app, config.HOST),
    stopListening: () => void stopListening(),
    async close() {
      sockets.close();
      const timer = setTimeout(() => app.server.closeAllConnections(), closeMs);
      // It does not wait for requests under way when the server was told to close before; that does.
      await Promise.all([stopListening(), app.close()]);
      clearTimeout(timer);
    },
  };
}

function createApp(config: GatewaySettings, log: Log): FastifyInstance {
  try {
    return fastify({
      trustProxy: config.TRUST_PROXY ?? false,
      bodyLimit: bodyBytes,
      requestTimeout: requestTimeoutMs,
      onProtoPoisoning: 'remove',
      onConstructorPoisoning: 'remove',
      frameworkErrors: frameworkErrors(log),
      clientErrorHandler,
    });
  } catch (error) {
    if (config.TRUST_PROXY === undefined) throw error;
    throw new ConfigError('TRUST_PROXY must be addresses or ranges such as 10.0.0.0/8, or loopback, with commas.', {
      cause: error,
    });
  }
}

async function listen(app: FastifyInstance, { HOST: host, PORT: port }: GatewaySettings): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') throw new ConfigError(`PORT ${port} is in use on ${host} already.`, { cause: error });
    if (code === 'EACCES') throw new ConfigError(`PORT ${port} may not be opened by this user.`, { cause: error });
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new ConfigError(`HOST ${host} is no address of this machine.`, { cause: error });
    throw error;
  }
}

function urlOf(app: FastifyInstance, host: string): string {
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
