import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { type ClientFrame, clientFrames, closeCatalogue, errorCatalogue, serverFrames } from '@teahouse/contracts';
import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { asyncApi } from './asyncapi.js';
import { escapeHtml, htmlPage, style, stylePath } from './html.js';

/** Version of the protocol, not of the program. */
const version = '1.0.0';
const hidden = { schema: { hide: true } };
/** The OpenAPI viewer sets styles on its elements. */
const viewerPolicy =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

/** Registers the API for people and for programs. Must be called before the routes that it tells of. */
export async function registerDocs(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Teahouse REST',
        version,
        description: 'Accounts and logins. The chat itself is on the WebSocket: see /docs.',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs/rest', staticCSP: viewerPolicy });
  const document = asyncApi(version);
  const page = socketPage();
  app.get('/openapi.json', hidden, async (_request, reply) => reply.send(app.swagger()));
  app.get('/asyncapi.json', hidden, async (_request, reply) => reply.send(document));
  app.get('/docs', hidden, async (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  app.get(stylePath, hidden, async (_request, reply) => reply.type('text/css; charset=utf-8').send(style));
}

function socketPage(): string {
  const body = `<h1>Teahouse</h1>
<p>REST: <a href="/docs/rest/">call it from here</a>, or read <a href="/openapi.json">openapi.json</a>. The socket: below, or <a href="/asyncapi.json">asyncapi.json</a>.</p>
<p>The socket is at <code>/</code> of this server. One JSON object a text frame, <code>type</code> says which. A frame may carry a <code>ref</code>; its answer carries the same.</p>
<h2>What a client sends</h2>
${(Object.values(clientFrames) as unknown as ClientFrame[]).map(clientPart).join('')}
<h2>What the server sends</h2>
${Object.values(serverFrames)
  .map((frame) => part(frame.type, frame.description, frame.schema, frame.example))
  .join('')}
<h2>Errors</h2>
${table(
  ['code', 'meaning', 'try again?'],
  Object.entries(errorCatalogue).map(([code, { sentence, retryable }]) => [code, sentence, retryable ? 'yes' : 'no']),
)}
<h2>Close codes</h2>
${table(
  ['code', 'meaning', 'come back?'],
  Object.values(closeCatalogue).map(({ code, meaning, comeBack }) => [String(code), meaning, comeBack]),
)}`;
  return htmlPage('Teahouse: the protocol', body);
}

function clientPart(frame: ClientFrame): string {
  const answer =
    Object.keys(frame.replyExample).length === 0
      ? ''
      : `<p>Answer:</p>${fieldsOf(frame.reply)}${example(frame.replyExample)}`;
  const errors = `<p>Errors: ${frame.errors.map((code) => `<code>${code}</code>`).join(' ')}</p>`;
  return part(frame.type, frame.description, frame.fields, { type: frame.type, ...frame.example }) + answer + errors;
}

const part = (name: string, description: string, fields: TSchema, shown: object): string =>
  `<h3><code>${escapeHtml(name)}</code></h3><p>${escapeHtml(description)}</p>${fieldsOf(fields)}${example(shown)}`;

const example = (shown: object): string => `<pre>${escapeHtml(JSON.stringify(shown, null, 2))}</pre>`;

interface ObjectSchema {
  readonly properties?: Record<string, { readonly type?: string; readonly description?: string }>;
  readonly required?: readonly string[];
}

function fieldsOf(schema: TSchema): string {
  const { properties = {}, required = [] } = schema as ObjectSchema;
  const rows = Object.entries(properties).map(([name, { type, description }]) => [
    required.includes(name) ? name : `${name}?`,
    type ?? '',
    description ?? '',
  ]);
  return rows.length === 0 ? '' : table(['field', 'type', ''], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string) =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('');
  return `<table><tr>${cells(head, 'th')}</tr>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</table>`;
}
