import {
  type ClientFrame,
  clientFrames,
  closeCatalogue,
  errorCatalogue,
  serverFrames,
  wholeFrame,
} from '@teahouse/contracts';
import type { TSchema } from 'typebox';

interface Message {
  readonly name: string;
  readonly summary: string;
  readonly payload: TSchema;
  readonly examples: readonly { readonly payload: object }[];
}

/** The socket as an AsyncAPI 3 document, made from the contract. */
export interface AsyncApi {
  readonly asyncapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly defaultContentType: 'application/json';
  readonly channels: Record<string, object>;
  readonly operations: Record<string, object>;
  readonly components: { readonly messages: Record<string, Message> };
}

/** Which server frame answers a client frame. */
const answers: Readonly<Record<string, string>> = { init: 'ready', heartbeat: 'heartbeat' };

export function asyncApi(version: string): AsyncApi {
  const messages: Record<string, Message> = {};
  const operations: Record<string, object> = {};
  for (const frame of Object.values(clientFrames) as unknown as ClientFrame[]) {
    const name = `client.${frame.type}`;
    messages[name] = {
      name: frame.type,
      summary: frame.description,
      payload: wholeFrame(frame),
      examples: [{ payload: { type: frame.type, ...frame.example } }],
    };
    const replies = [...(frame.answered ? [answers[frame.type] ?? 'ack'] : []), 'error'];
    operations[frame.type] = {
      action: 'receive',
      channel: { $ref: '#/channels/socket' },
      messages: [{ $ref: `#/channels/socket/messages/${name}` }],
      reply: {
        channel: { $ref: '#/channels/socket' },
        messages: replies.map((reply) => ({ $ref: `#/channels/socket/messages/server.${reply}` })),
      },
      'x-reply-fields': frame.reply,
      'x-errors': frame.errors,
    };
  }
  for (const frame of Object.values(serverFrames)) {
    const name = `server.${frame.type}`;
    messages[name] = {
      name: frame.type,
      summary: frame.description,
      payload: frame.schema,
      examples: [{ payload: frame.example }],
    };
    operations[name] = {
      action: 'send',
      channel: { $ref: '#/channels/socket' },
      messages: [{ $ref: `#/channels/socket/messages/${name}` }],
    };
  }
  const refs = Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Teahouse socket',
      version,
      description: 'One JSON object a text frame. `init` comes first; a `ref` comes back in the answer.',
    },
    defaultContentType: 'application/json',
    channels: {
      socket: {
        address: '/',
        messages: Object.fromEntries(refs),
        'x-close-codes': Object.values(closeCatalogue),
        'x-errors': errorCatalogue,
      },
    },
    operations,
    components: { messages },
  };
}
