import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Bus } from '@teahouse/bus';
import { authCalls, restCalls } from '@teahouse/contracts';
import type { FastifyInstance } from 'fastify';
import type { Tokens } from '../tokens.js';
import { addressOf, asker, bearer } from './asking.js';
import { schemaOf } from './schema.js';

/** Registers the REST calls: each is checked here and carried on to auth. */
export function registerCalls(app: FastifyInstance, options: { bus: Bus; tokens: Tokens }): void {
  const { tokens } = options;
  const routes = app.withTypeProvider<TypeBoxTypeProvider>();
  const ask = asker(options.bus);
  const { register, login, token, logout, me, updateMe, changePassword } = restCalls;

  routes.post(register.path, { schema: schemaOf(register) }, async (request, reply) => {
    const { username, password, nickname } = request.body;
    const given = { username, password, ...(nickname === undefined ? {} : { nickname }), address: addressOf(request) };
    return reply.code(201).send(await ask(authCalls.register, given));
  });

  routes.post(login.path, { schema: schemaOf(login) }, async (request, reply) => {
    const { username, password } = request.body;
    return reply.send(await ask(authCalls.login, { username, password, address: addressOf(request) }));
  });

  routes.post(token.path, { schema: schemaOf(token) }, async (request, reply) => {
    const { refreshToken, idempotencyKey } = request.body;
    const key = idempotencyKey === undefined ? {} : { idempotencyKey };
    return reply.send(await ask(authCalls.refresh, { refreshToken, ...key, address: addressOf(request) }));
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
