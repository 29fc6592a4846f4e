import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { htmlPage } from './html.js';

const oneYear = 'public, max-age=31536000, immutable';

const notBuilt = htmlPage(
  'Teahouse',
  '<h1>Teahouse</h1><p>The server is running. The chat page is not built here.</p><p><a href="/docs">How to talk to the server</a></p>',
);

/** Serves the files of the built page. Gives the handler of `/`, which says so where the page is not built. */
export async function registerPage(
  app: FastifyInstance,
  pageDir: string,
): Promise<(request: FastifyRequest, reply: FastifyReply) => FastifyReply> {
  if (!existsSync(join(pageDir, 'index.html'))) {
    return (_request, reply) => reply.type('text/html; charset=utf-8').send(notBuilt);
  }
  await app.register(fastifyStatic, {
    root: pageDir,
    // One route for each file: any other address is a 404 of ours.
    wildcard: false,
    index: false,
    cacheControl: false,
    setHeaders(response, path) {
      // The bundler puts a hash into the names of these.
      response.header('cache-control', path.includes('/assets/') ? oneYear : 'no-cache');
    },
  });
  return (_request, reply) => reply.sendFile('index.html');
}
