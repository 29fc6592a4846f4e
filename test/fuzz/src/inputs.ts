import {
  authCalls,
  type Call,
  type ClientFrame,
  clientFrames,
  groupCalls,
  privateCalls,
  restCalls,
  serverFrames,
  subjects,
  wholeFrame,
} from '@teahouse/contracts';
import fc, { type Arbitrary } from 'fast-check';
import type { TObject } from 'typebox';
import { fitting, junk, nearly, textOf } from './values.js';

/** A frame on a socket that is logged in, or before it is. */
export interface SocketInput {
  readonly to: 'socket' | 'door';
  readonly user: number;
  readonly data: string | Uint8Array;
}

export interface RestInput {
  readonly to: 'rest';
  readonly method: string;
  readonly path: string;
  /** Whose token goes along; 0: none, -1: one that is none. */
  readonly user: number;
  readonly body: string | undefined;
}

export interface BusInput {
  readonly to: 'ask' | 'tell';
  readonly subject: string;
  readonly payload: string | Uint8Array;
}

export type Input = SocketInput | RestInput | BusInput;

/** The accounts that there are. */
export const users = [1, 2, 3, 4, 5];
const user = fc.constantFrom(...users);

const bytes = fc.uint8Array({ maxLength: 200 });

/** Hashing takes a thousand times as long as anything else; a logout takes two hashes to undo. */
const slow = new Set(['register', 'login', 'changePassword', 'resetPassword', 'setDisabled', 'logout', 'init']);
const weightOf = (name: string) => (slow.has(name) ? 1 : 20);

const frames = fc.oneof(
  ...(Object.values(clientFrames) as unknown as ClientFrame[]).map((frame) => ({
    weight: weightOf(frame.type),
    arbitrary: textOf(nearly(wholeFrame(frame))),
  })),
);
const frame: Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 40, arbitrary: frames },
  { weight: 2, arbitrary: textOf(junk) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: bytes },
);

const socket: Arbitrary<Input> = fc.record({ to: fc.constant('socket'), user, data: frame });
const door: Arbitrary<Input> = fc.record({ to: fc.constant('door'), user, data: frame });

type Rest = (typeof restCalls)[keyof typeof restCalls] & { params?: TObject; query?: TObject; body?: TObject };
const caller = fc.oneof({ weight: 6, arbitrary: user }, fc.constantFrom(0, -1));
const encoded = (value: unknown) =>
  encodeURIComponent(wellFormed(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')));

const rest: Arbitrary<Input> = fc.oneof(
  ...(Object.entries(restCalls) as [string, Rest][]).map(([name, call]) => ({
    weight: weightOf(name),
    arbitrary: fc
      .record({
        user: caller,
        params: call.params ? nearly(call.params) : fc.constant<Record<string, unknown>>({}),
        query: call.query ? nearly(call.query) : fc.constant<Record<string, unknown>>({}),
        body: call.body ? textOf(nearly(call.body)) : fc.constant(undefined),
      })
      .map(({ user, params, query, body }) => ({
        to: 'rest' as const,
        method: call.method,
        path: pathOf(call.path, params, query),
        user,
        body,
      })),
  })),
  {
    weight: 10,
    arbitrary: fc.record({
      to: fc.constant('rest'),
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
      path: fc.string({ unit: 'grapheme' }).map((text) => `/${encoded(text).replaceAll('%2F', '/')}`),
      user: caller,
      body: fc.option(textOf(junk), { nil: undefined }),
    }),
  },
);

function pathOf(path: string, params: Record<string, unknown>, query: Record<string, unknown>): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(params[name]));
  const asked = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  return asked.length === 0 ? filled : `${filled}?${asked.join('&')}`;
}

/** A lone surrogate has no place in an address; what stands for it has. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}

export const calls = [
  ...Object.values(authCalls),
  ...Object.values(groupCalls),
  ...Object.values(privateCalls),
] as unknown as Call[];

const payloadOf = (text: Arbitrary<string>): Arbitrary<string | Uint8Array> =>
  fc.oneof({ weight: 30, arbitrary: text }, bytes);

const ask: Arbitrary<Input> = fc.oneof(
  ...calls.map((call) => ({
    weight: weightOf(call.subject.split('.').at(-1) ?? ''),
    arbitrary: fc.record({
      to: fc.constant('ask'),
      subject: fc.constant(call.subject),
      payload: payloadOf(textOf(nearly(call.request as TObject))),
    }),
  })),
);

const small = fc.integer({ min: 1, max: 8 });
const told = fc.oneof(
  small.map((id) => subjects.groupEvent(id)),
  fc
    .tuple(small, fc.constantFrom('auth', 'group', 'private'))
    .map(([id, service]) => subjects.user(id, service as 'auth')),
  fc.constantFrom(subjects.groupHeads, subjects.privateHeads, subjects.seen, subjects.presence),
);
const pushed = fc
  .oneof(...Object.values(serverFrames).map(({ schema }) => fitting(schema)))
  // Passed on as it is, and an error of this kind is what is looked for.
  .filter((frame) => (frame as { code?: unknown }).code !== 'INTERNAL');
const header = fc.record({
  kind: fc.constantFrom('run', 'push', 'enter', 'exit', 'x'),
  groupId: small,
  first: fc.integer({ min: 1, max: 30 }),
  seq: fc.integer({ min: 1, max: 30 }),
  senders: fc.constantFrom([''], [], 7),
});
const event = fc
  .tuple(textOf(fc.oneof({ weight: 3, arbitrary: header }, junk)), fc.array(textOf(pushed), { maxLength: 2 }))
  .map((lines) => lines.flat().join('\n'));
const heads = textOf(
  fc.record({ heads: fc.array(fc.oneof(fc.tuple(small, small), fc.tuple(small, small, small), junk)), users: junk }),
);
const tell: Arbitrary<Input> = fc.record({
  to: fc.constant('tell'),
  subject: told,
  payload: payloadOf(fc.oneof(event, heads)),
});

/** Everything that takes input, in the share of what it can do with it. */
export const input: Arbitrary<Input> = fc.oneof(
  { weight: 40, arbitrary: socket },
  { weight: 2, arbitrary: door },
  { weight: 20, arbitrary: rest },
  { weight: 35, arbitrary: ask },
  { weight: 3, arbitrary: tell },
);
