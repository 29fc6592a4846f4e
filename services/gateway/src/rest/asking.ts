import { type Bus, type CallDefinition, call } from '@teahouse/bus';
import { type CallReply, type CallRequest, limits, TeahouseError } from '@teahouse/contracts';
import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { Holder, Tokens } from '../tokens.js';

const answerMs = 1800;

/** Asks a service; rejects with what it refuses with, or UNAVAILABLE. */
export type Ask = <C extends CallDefinition<TSchema, TSchema>>(
  definition: C,
  request: CallRequest<C>,
) => Promise<CallReply<C>>;

export const asker =
  (bus: Bus): Ask =>
  (definition, request) =>
    call(bus, definition, request as never, { timeoutMs: answerMs }) as never;

/** Who asks; rejects with UNAUTHENTICATED where no good token came along. */
export async function bearer(request: FastifyRequest, tokens: Tokens): Promise<Holder> {
  const token = /^Bearer +([\w.~+/=-]{1,4096})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new TeahouseError('UNAUTHENTICATED');
  const holder = await tokens.verify(token);
  if (await tokens.isRevoked(holder.loginId)) throw new TeahouseError('UNAUTHENTICATED', 'This login was ended.');
  return holder;
}

/** The client's address, empty where the client is gone. A trusted proxy may pass on what somebody made up: no more of it than fits. */
export function addressOf(request: FastifyRequest): string {
  const ip: string | undefined = request.ip;
  return ip?.slice(0, limits.address) ?? '';
}
