import { call, serveCall } from '@teahouse/bus';
import { TeahouseError } from '@teahouse/contracts';
import t from 'tap';
import Type from 'typebox';
import { bytes, fresh } from './inbox.js';
import type { MakeBus } from './make-bus.js';

const options = { timeoutMs: 2_000 };

export function calls(name: string, makeBus: MakeBus): void {
  t.test(`${name}: typed calls`, async (t) => {
    const client = await makeBus('client');
    const server = await makeBus('server');
    t.teardown(() => Promise.all([client.close(), server.close()]));
    const greet = {
      subject: fresh('greet'),
      request: Type.Object({
        name: Type.String({ minLength: 1 }),
        ids: Type.Array(Type.Object({ id: Type.Integer() })),
      }),
      reply: Type.Object({ greeting: Type.String() }),
      errors: ['NOT_FOUND'] as const,
    };
    let asked = 0;
    serveCall(server, greet, 'g', async ({ name, ids }) => {
      asked++;
      if (name === 'nobody') throw new TeahouseError('NOT_FOUND', 'Nobody is not here.');
      if (name === 'odd') return { greeting: 1 as unknown as string };
      return { greeting: `你好 ${name} ${ids.map(({ id }) => id)}` };
    });
    await server.flush();

    await t.test('goes there and back as JSON', async (t) => {
      t.same(await call(client, greet, { name: '茶', ids: [{ id: 1 }, { id: 2 }] }, options), {
        greeting: '你好 茶 1,2',
      });
    });

    await t.test('errors of the verb come back', async (t) => {
      await t.rejects(call(client, greet, { name: 'nobody', ids: [] }, options), {
        code: 'NOT_FOUND',
        message: 'Nobody is not here.',
      });
    });

    await t.test(
      'a request out of shape never reaches the verb; the sentence names the first wrong field',
      async (t) => {
        const before = asked;
        const send = (request: unknown) => call(client, greet, request as never, options);
        await t.rejects(send({ name: 'a', ids: [{ id: 1 }, { id: 'x' }] }), {
          code: 'BAD_REQUEST',
          message: /"ids\.1\.id" must be an integer/,
        });
        await t.rejects(send({ ids: [] }), { code: 'BAD_REQUEST', message: /"name" is missing/ });
        await t.rejects(send({ name: 'a', ids: [{}] }), { code: 'BAD_REQUEST', message: /"ids\.0\.id" is missing/ });
        await t.rejects(send('text'), { code: 'BAD_REQUEST', message: /must be an object/ });
        await t.rejects(client.request(greet.subject, bytes('{"name'), options), {
          code: 'BAD_REQUEST',
          message: /no JSON/,
        });
        t.equal(asked, before);
      },
    );

    await t.test('a reply out of shape is found by who checks', async (t) => {
      await t.rejects(call(client, greet, { name: 'odd', ids: [] }, { ...options, checkReply: true }), {
        code: 'INTERNAL',
      });
      t.same(await call(client, greet, { name: 'odd', ids: [] }, options), { greeting: 1 });
    });
  });
}
