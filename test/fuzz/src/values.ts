import fc, { type Arbitrary } from 'fast-check';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/* Values of a schema and values of none: what is sent is the first, with some of the second put in. */

interface Shape {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly TSchema[];
  readonly items?: TSchema | readonly TSchema[];
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Texts of which some are in the shape of names, passwords, contents, ids. Few, so that they meet one another. */
const words = [
  'player1',
  'Player2',
  'admin',
  '123456',
  'secret-tea',
  '茶',
  '👨‍👩‍👧 你好',
  'e\u0301',
  'مرحبا',
  'a1',
  'c2',
  '01890a5d-ac96-774b-bcce-b302099a8057',
  '2026-11-22T08:00:00.000Z',
  '127.0.0.1',
  '%_\\\'"`;--',
];

/** What breaks programs: edges, wrong types, names of prototypes, text that is none. */
const edges: Arbitrary<unknown> = fc.constantFrom<unknown>(
  null,
  true,
  0,
  -1,
  -0,
  1.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  1e308,
  '',
  ' \n',
  '1',
  '\u0000',
  'a\ud800',
  '\u{10ffff}',
  '😀'.repeat(4097),
  'x'.repeat(20_000),
  '__proto__',
  'constructor',
  'toString',
  '$ne',
  '../../etc/passwd',
  [],
  {},
  [[[]]],
  { length: 1 },
  { toJSON: 1 },
);

export const junk: Arbitrary<unknown> = fc.oneof(edges, fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: 'binary' }));

/** A small number first: the accounts and groups that exist. */
function integer(shape: Shape): Arbitrary<number> {
  const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = shape;
  const any = fc.integer({ min: minimum, max: maximum });
  if (maximum < minimum + 8) return any;
  return fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: minimum, max: minimum + 8 }) },
    { weight: 1, arbitrary: any },
  );
}

/** Mostly one of the words that a pattern lets through: what has the wrong shape is seen at the door only. */
function textFor(schema: TSchema): Arbitrary<string> {
  const shape = Compile(schema);
  const known = words.filter((word) => shape.Check(word));
  const any = fc.string({ minLength: 1, unit: 'grapheme' });
  return known.length === 0 ? any : fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...known) }, any);
}

/** A value that has this shape, but for the patterns of some of its texts. */
export function fitting(schema: TSchema): Arbitrary<unknown> {
  const shape = schema as Shape;
  if (Object.hasOwn(shape, 'const')) return fc.constant(shape.const);
  if (shape.enum) return fc.constantFrom(...shape.enum);
  if (shape.anyOf) return fc.oneof(...shape.anyOf.map(fitting));
  if (shape.type === 'integer') return integer(shape);
  if (shape.type === 'number') return fc.double();
  if (shape.type === 'boolean') return fc.boolean();
  if (shape.type === 'null') return fc.constant(null);
  if (shape.type === 'string') return textFor(schema);
  if (shape.type === 'array') {
    const { items } = shape;
    if (Array.isArray(items)) return fc.tuple(...items.map(fitting));
    return items === undefined ? fc.constant([]) : fc.array(fitting(items as TSchema), { maxLength: 5 });
  }
  if (shape.properties === undefined) return junk;
  const fields = Object.entries(shape.properties).map(([name, field]) => [name, fitting(field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...(shape.required ?? [])], noNullPrototype: true });
}

interface Mutation {
  readonly at: number;
  readonly kind: 'set' | 'delete' | 'add' | 'wrap';
  readonly key: string;
  readonly value: unknown;
}

const mutation: Arbitrary<Mutation> = fc.record({
  at: fc.nat(50),
  kind: fc.constantFrom('set', 'set', 'delete', 'add', 'wrap'),
  key: fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'then', 'groupId', 'userId', 'with', 'ref', 'type', 'by'),
    fc.string(),
  ),
  value: junk,
});

/** Mostly the value itself or one thing wrong with it; at times several. */
const mutations = fc.oneof(
  { weight: 9, arbitrary: fc.constant<Mutation[]>([]) },
  { weight: 5, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(mutation, { minLength: 2, maxLength: 4 }) },
);

/** Something like what a schema wants. */
export function nearly(schema: TSchema): Arbitrary<Record<string, unknown>> {
  return fc.tuple(fitting(schema), mutations).map(([value, list]) => {
    const whole = structuredClone(value) as Record<string, unknown>;
    for (const one of list) mutate(whole, one);
    return whole;
  });
}

function mutate(whole: Record<string, unknown>, { at, kind, key, value: given }: Mutation): void {
  // Two mutations may be given the same object, of which neither must come into itself.
  const value = structuredClone(given);
  const spots = spotsOf(whole);
  const [holder, name] = spots[at % Math.max(1, spots.length)] ?? [whole, key];
  // A plain assignment to `__proto__` would change the prototype instead of adding what goes over the wire.
  const set = (to: Record<string, unknown>, field: string, what: unknown) =>
    Object.defineProperty(to, field, { value: what, enumerable: true, configurable: true, writable: true });
  if (kind === 'delete') delete holder[name];
  else if (kind === 'add') set(Array.isArray(holder) ? whole : holder, key, value);
  else if (kind === 'wrap') set(holder, name, [holder[name]]);
  else set(holder, name, value);
}

/** Every place where a value stands, as its holder and its name. */
function spotsOf(value: unknown): [holder: Record<string, unknown>, name: string][] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((name) => [
    [holder, name] as [Record<string, unknown>, string],
    ...spotsOf(holder[name]),
  ]);
}

/** JSON, now and then with the text itself broken. */
export function textOf(value: Arbitrary<unknown>): Arbitrary<string> {
  const wound = fc.record({
    at: fc.nat(10_000),
    text: fc.oneof(fc.constantFrom('', '"', '{', '[', '\\u', '\u0000', ',"a":1', '}}'), fc.string()),
    cut: fc.nat(20),
  });
  return fc.tuple(value, fc.oneof({ weight: 15, arbitrary: fc.constant(null) }, wound)).map(([whole, hurt]) => {
    const text = JSON.stringify(whole) ?? 'null';
    if (hurt === null) return text;
    const at = hurt.at % (text.length + 1);
    return text.slice(0, at) + hurt.text + text.slice(at + hurt.cut);
  });
}
