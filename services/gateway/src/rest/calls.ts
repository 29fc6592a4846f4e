import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { type Bus, type CallDefinition, call } from '@teahouse/bus';
import {
  authCalls,
  type CallReply,
  type CallRequest,
  type ErrorCode,
  errorCatalogue,
  RestError,
  restCalls,
  TeahouseError,
} from '@teahouse/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type TSchema } from 'typebox';
import type { Holder, Tokens } from '../tokens.js';

const answerMs = 1800;

/** Registers the REST calls: each is checked here and carried on to auth. */
export function registerCalls(app: FastifyInstance, options: { bus: Bus; tokens: Tokens }): void {
  const { tokens } = options;
  const routes = app.withTypeProvider<TypeBoxTypeProvider>();
  const ask = <C extends CallDefinition<TSchema, TSchema>>(
    definition: C,
    request: CallRequest<C>,
  ): Promise<CallReply<C>> =>
    call(options.bus, definition, request as never, { timeoutMs: answerMs }) as Promise<CallReply<C>>;

  const { register, login, token, logout, me, updateMe, changePassword } = restCalls;

  routes.post(register.path, { schema: schemaOf(register) }, async (request, reply) => {
    const { username, password, nickname } = request.body;
    const given = { username, password, ...(nickname === undefined ? {} : { nickname }), address: request.ip };
    return reply.code(201).send(await ask(authCalls.register, given));
  });

  routes.post(login.path, { schema: schemaOf(login) }, async (request, reply) => {
    const { username, password } = request.body;
    return reply.send(await ask(authCalls.login, { username, password, address: request.ip }));
  });

  routes.post(token.path, { schema: schemaOf(token) }, async (request, reply) => {
    return reply.send(await ask(authCalls.refresh, { refreshToken: request.body.refreshToken, address: request.ip }));
  });

  routes.post(logout.path, { schema: schemaOf(logout) }, async (request, reply) => {
    const { userId, loginId } = await bearer(request, tokens);
    await ask(authCalls.logout, { userId, loginId });
    return reply.code(204).send(null);
  });

  routes.get(me.path, { schema: schemaOf(me) }, async (request, reply) => {
    const { userId } = await bearer(request, tokens);
    return reply.send((await ask(authCalls.me, { userId })).user);
  });

  routes.patch(updateMe.path, { schema: schemaOf(updateMe) }, async (request, reply) => {
    const { userId } = await bearer(request, tokens);
    const { nickname } = request.body;
    const given = { userId, ...(nickname === undefined ? {} : { nickname }) };
    return reply.send((await ask(authCalls.updateMe, given)).user);
  });

  routes.put(changePassword.path, { schema: schemaOf(changePassword) }, async (request, reply) => {
    const { userId, loginId } = await bearer(request, tokens);
    const { oldPassword, newPassword } = request.body;
    await ask(authCalls.changePassword, { userId, loginId, oldPassword, newPassword });
    return reply.code(204).send(null);
  });
}

/** Who asks; rejects with UNAUTHENTICATED where no good token came along. */
async function bearer(request: FastifyRequest, tokens: Tokens): Promise<Holder> {
  const token = /^Bearer +([\w.~+/=-]{1,4096})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new TeahouseError('UNAUTHENTICATED');
  const holder = await tokens.verify(token);
  if (await tokens.isRevoked(holder.loginId)) throw new TeahouseError('UNAUTHENTICATED', 'This login was ended.');
  return holder;
}

interface RestCall {
  readonly description: string;
  readonly bearer: boolean;
  readonly status: number;
  readonly errors: readonly ErrorCode[];
  readonly body?: TSchema;
  readonly reply?: TSchema;
}

const nothing = Type.Null({ description: 'nothing' });

type SchemaOf<C extends RestCall> = { readonly description: string } & (C extends { body: infer Body extends TSchema }
  ? { readonly body: Body }
  : unknown);

/** A call of the contract as fastify and OpenAPI read it. */
function schemaOf<C extends RestCall>(rest: C): SchemaOf<C> {
  const refusals: Record<string, TSchema> = {};
  for (const code of [...rest.errors, 'INTERNAL' as const]) {
    const { status } = errorCatalogue[code];
    const codes = [...rest.errors, 'INTERNAL' as const].filter((other) => errorCatalogue[other].status === status);
    refusals[status] = { ...RestError, description: codes.join(', ') } as TSchema;
  }
  const schema = {
    description: rest.description,
    ...(rest.body === undefined ? {} : { body: rest.body }),
    ...(rest.bearer ? { security: [{ bearer: [] }] } : {}),
    response: { [rest.status]: rest.reply ?? nothing, ...refusals },
  };
  return schema as unknown as SchemaOf<C>;
}
