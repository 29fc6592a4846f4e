import helmet from '@fastify/helmet';
import { TeahouseError } from '@teahouse/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const hostForm = /^[A-Za-z0-9.-]+(:\d+)?$|^\[[0-9A-Fa-f:.]+\](:\d+)?$/;

/** Headers for browsers: everything from this origin only, its WebSocket included; no scripts or styles in the page's text. */
export async function registerHeaders(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        connectSrc: ["'self'", (request) => socketsOf(request.headers.host)],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // Whether this host is served over TLS only is for whoever runs the proxy before it to say.
    strictTransportSecurity: false,
    frameguard: { action: 'deny' },
  });
}

/** Not every browser takes 'self' to mean the WebSockets of the same host as well. */
function socketsOf(host: string | undefined): string {
  return host !== undefined && hostForm.test(host) ? `ws://${host} wss://${host}` : "'self'";
}

/**
 * Lets pages of this server and of the allowed origins open sockets. Who sends no Origin is no browser: there is no
 * foreign page that could use somebody's browser. Throws FORBIDDEN.
 */
export function originCheck(allowed: string | undefined): (request: FastifyRequest) => void {
  const origins = new Set(allowed?.toLowerCase().split(','));
  return (request) => {
    const { origin } = request.headers;
    if (origin === undefined || origins.has(origin.toLowerCase())) return;
    if (URL.canParse(origin) && new URL(origin).host === request.host.toLowerCase()) return;
    throw new TeahouseError('FORBIDDEN', 'Pages of this origin may not open sockets here.');
  };
}
