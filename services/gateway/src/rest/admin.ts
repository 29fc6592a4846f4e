import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Bus } from '@teahouse/bus';
import {
  type Administrator,
  authCalls,
  groupCalls,
  officialGroup,
  restCalls,
  TeahouseError,
} from '@teahouse/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Tokens } from '../tokens.js';
import type { Users } from '../users.js';
import { addressOf, asker, bearer } from './asking.js';
import { auditPage } from './audit.js';
import { schemaOf } from './schema.js';

const pageSize = 50;

/**
 * Registers what is for the system role `admin`. Who may is decided before anything of the request is looked at: by the
 * token, and by the profile, as the role may have changed since the token was signed. The accounts' owner asks its table.
 */
export function registerAdmin(app: FastifyInstance, options: { bus: Bus; tokens: Tokens; users: Users }): void {
  const { tokens, users } = options;
  const ask = asker(options.bus);
  const administrators = new WeakMap<FastifyRequest, Administrator>();
  const routes = app.withTypeProvider<TypeBoxTypeProvider>();

  const onRequest = async (request: FastifyRequest) => {
    const holder = await bearer(request, tokens);
    if (holder.role !== 'admin' || (await users.of(holder)).role !== 'admin') throw new TeahouseError('FORBIDDEN');
    const address = addressOf(request);
    administrators.set(request, { userId: holder.userId, ...(address === '' ? {} : { address }) });
  };
  const by = (request: FastifyRequest): Administrator => {
    const administrator = administrators.get(request);
    if (administrator === undefined) throw new TeahouseError('UNAUTHENTICATED');
    return administrator;
  };

  const { listAccounts, setDisabled, resetPassword, officialNotice, audit } = restCalls;
  const at = <C extends { path: string }>({ path }: C) => path.replace('{userId}', ':userId');

  routes.get(at(listAccounts), { schema: schemaOf(listAccounts), onRequest }, async (request, reply) => {
    const { limit = pageSize, after, prefix } = request.query;
    const from = { ...(after === undefined ? {} : { after }), ...(prefix === undefined ? {} : { prefix }) };
    return reply.send(await ask(authCalls.listAccounts, { by: by(request), limit, ...from }));
  });

  routes.patch(at(setDisabled), { schema: schemaOf(setDisabled), onRequest }, async (request, reply) => {
    const { userId } = request.params;
    const { disabled } = request.body;
    return reply.send((await ask(authCalls.setDisabled, { by: by(request), userId, disabled })).account);
  });

  routes.put(at(resetPassword), { schema: schemaOf(resetPassword), onRequest }, async (request, reply) => {
    const { userId } = request.params;
    const { newPassword } = request.body;
    await ask(authCalls.resetPassword, { by: by(request), userId, newPassword });
    return reply.code(204).send(null);
  });

  routes.post(at(officialNotice), { schema: schemaOf(officialNotice), onRequest }, async (request, reply) => {
    const { content, groupId = officialGroup.id } = request.body;
    const stored = await ask(groupCalls.officialNotice, { by: by(request), groupId, content });
    return reply.code(201).send({ groupId, ...stored });
  });

  routes.get(at(audit), { schema: schemaOf(audit), onRequest }, async (request, reply) => {
    return reply.send(await auditPage(ask, by(request), request.query));
  });
}
