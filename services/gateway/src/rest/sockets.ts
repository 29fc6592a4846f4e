import type { IncomingMessage, ServerResponse } from 'node:http';
import websocket from '@fastify/websocket';
import { closeCatalogue, limits } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { addressOf } from './asking.js';
import { originCheck } from './security.js';

export interface SocketOptions {
  readonly allowedOrigins: string | undefined;
  readonly log: Log;
  /** False: full, or closing. */
  readonly mayOpen: () => boolean;
  /** A socket is open; called in the same turn. `address` is the client's. */
  readonly opened: (socket: WebSocket, address: string) => void;
}

/** How long a client may take to answer a close; a slow reader first reads what is still on its way. */
const closeTimeoutMs = 5000;

/** Pongs that may wait for one who sends pings and reads nothing, beside what an outbox counts; beyond it they are cut off. */
const pendingPongs = 60;

/** Lets fastify take WebSocket upgrades. Must be called before any route is registered. */
export async function registerSockets(app: FastifyInstance, log: Log): Promise<void> {
  await app.register(websocket, {
    options: {
      maxPayload: limits.frameBytes,
      maxFragments: 64,
      perMessageDeflate: false,
      clientTracking: false,
      // Known to ws 8.23, not to its types yet.
      ...{ closeTimeout: closeTimeoutMs, maxPendingAutoPongs: pendingPongs },
    },
    errorHandler(err, socket) {
      log.error({ err }, 'a socket could not be opened');
      socket.terminate();
    },
    // The gateway closes its connections itself, before it closes the server.
    preClose: (done) => done(),
  });
}

/** What the route of the socket needs besides its plain handler. */
export function socketRoute(options: SocketOptions) {
  const checkOrigin = originCheck(options.allowedOrigins);
  const responses = new WeakMap<IncomingMessage, ServerResponse>();
  const refused = new Set<WebSocket>();
  return {
    async onRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      if (!request.ws) return;
      checkOrigin(request);
      responses.set(request.raw, reply.raw);
    },
    wsHandler(socket: WebSocket, request: FastifyRequest): void {
      // Nothing is ever answered over HTTP here: let request and response go instead of keeping them with the socket.
      responses.get(request.raw)?.detachSocket(request.raw.socket);
      if (options.mayOpen()) {
        options.opened(socket, addressOf(request));
        return;
      }
      refused.add(socket);
      socket.on('close', () => refused.delete(socket));
      socket.close(closeCatalogue.busy.code, closeCatalogue.busy.meaning);
    },
    /** Cuts off those who were refused and have not gone yet. */
    close(): void {
      for (const socket of refused) socket.terminate();
    },
  };
}
