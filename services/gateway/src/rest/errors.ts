import type { Socket } from 'node:net';
import { type ErrorCode, errorCatalogue, TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toldOf } from '../refusal.js';

/** Every refusal over HTTP, whoever refuses, is `{error: {code, message, retryAfterMs?}}` with the status of its code. */
export function setErrorAnswers(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error, _request, reply) => answerError(error, reply, log));
  app.setNotFoundHandler((_request, reply) => answerError(new TeahouseError('NOT_FOUND'), reply, log));
}

/** For what fastify refuses before it has found a route, such as a path that is no UTF-8. */
export function frameworkErrors(log: Log): (error: unknown, request: FastifyRequest, reply: FastifyReply) => void {
  return (error, _request, reply) => {
    void answerError(error, reply, log);
  };
}

/** For what is no HTTP at all. */
export function clientErrorHandler(_error: Error, socket: Socket): void {
  if (!socket.writable) return;
  const body = JSON.stringify(bodyOf(new TeahouseError('BAD_REQUEST')));
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
}

function answerError(error: unknown, reply: FastifyReply, log: Log): FastifyReply {
  const told = toldOf(fromFramework(error), log, 'an HTTP request');
  if (told.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(told.retryAfterMs / 1000));
  if (told.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
  return reply
    .code(errorCatalogue[told.code].status)
    .type('application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .serializer(JSON.stringify)
    .send(bodyOf(told));
}

const bodyOf = ({ code, message, retryAfterMs }: TeahouseError): object => ({
  error: { code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
});

/** Fastify's own refusals (no JSON, too big, unknown media type) by their status; our sentence, not theirs. */
function fromFramework(error: unknown): unknown {
  if (error instanceof TeahouseError) return error;
  const status = (error as { statusCode?: unknown }).statusCode;
  if (typeof status !== 'number' || status < 400 || status > 499) return error;
  const code: ErrorCode = status === 404 ? 'NOT_FOUND' : status === 429 ? 'RATE_LIMITED' : 'BAD_REQUEST';
  return new TeahouseError(code, undefined, { cause: error });
}
