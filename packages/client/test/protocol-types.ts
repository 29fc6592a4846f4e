import * as contracts from '@teahouse/contracts';

/** The part of JSON Schema that the contracts use. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

const width = 120;
/** Schemas of the contracts that have a name of their own in the client's types. */
const named: Record<string, object> = {
  GroupState: contracts.GroupState,
  MemberRights: contracts.MemberRights,
  JoinPolicy: contracts.JoinPolicy,
  MessageKind: contracts.MessageKind,
  SystemRole: contracts.SystemRole,
  ErrorCode: contracts.ErrorCodeSchema,
  NoticeEvent: contracts.Notice.properties.event,
  Notice: contracts.Notice,
  User: contracts.User,
  Person: contracts.Person,
  GroupMessage: contracts.GroupMessage,
  PrivateMessage: contracts.PrivateMessage,
  GroupSummary: contracts.GroupSummary,
  GroupWhole: contracts.GroupWhole,
  FoundGroup: contracts.FoundGroup,
  Member: contracts.Member,
  ConversationSummary: contracts.ConversationSummary,
  Stored: contracts.Stored,
};
const nameOf = new Map(Object.entries(named).map(([name, schema]) => [shapeOf(schema as Schema), name]));

/** The frames as plain TypeScript, so that who uses the client needs neither the contracts nor what those are made with. */
export function protocolTypes(): string {
  const shapes = Object.entries(named).map(([name, schema]) => declaration(name, schema as Schema));
  const asked = Object.entries(contracts.clientFrames).map(
    ([type, frame]) =>
      `${doc(frame.description, '  ')}  ${type}: {\n    fields: ${objectType(frame.fields as Schema, '    ', true)};\n    reply: ${objectType(frame.reply as Schema, '    ')};\n  };\n`,
  );
  const told = Object.entries(contracts.serverFrames).map(
    ([type, frame]) => `${doc(frame.description, '  ')}  ${type}: ${objectType(frame.schema as Schema, '  ')};\n`,
  );
  const errors = Object.entries(contracts.errorCatalogue).map(([code, { retryable, sentence }]) =>
    lineOrBlock(`  ${code}: `, [`retryable: ${retryable}`, `sentence: ${quoted(sentence)}`]),
  );
  const closes = Object.values(contracts.closeCatalogue).map(({ code, comeBack }) => `  ${code}: '${comeBack}',\n`);
  return `// Written by \`npm run client-types\` from packages/contracts; do not edit.
// Length: the whole protocol in one piece, as it is written.

${shapes.join('\n')}
/** What a client may ask: the fields of each frame without \`type\` and \`ref\`, and those of its answer. */
export interface ClientFrames {
${asked.join('')}}

/** What the server sends. */
export interface ServerFrames {
${told.join('')}}

/** Error codes: whether the same request may succeed later, and what to say where the server says nothing. */
export const errorCatalogue: Record<ErrorCode, { readonly retryable: boolean; readonly sentence: string }> = {
${errors.join('')}};

/** Close codes, and when to come back: \`yes\` with backoff, \`later\` after a pause, \`login\` with a fresh login, \`no\` never. */
export const comeBackAfter: Readonly<Record<number, 'yes' | 'later' | 'login' | 'no' | undefined>> = {
${closes.join('')}};
`;
}

function declaration(name: string, schema: Schema): string {
  const head = doc(schema.description, '');
  if (schema.properties) return `${head}export interface ${name} ${objectType(schema, '', false)}\n`;
  return `${head}${lines(`export type ${name} =`, unionOf(schema), ';', '')}\n`;
}

/** An object type over several lines. `loose`: what may be left out may be undefined as well. */
function objectType(schema: Schema, indent: string, loose = false): string {
  const entries = Object.entries(schema.properties ?? {});
  if (entries.length === 0) return 'Record<string, never>';
  const required = new Set(schema.required ?? []);
  const body = entries.map(([name, property]) => {
    const optional = !required.has(name);
    const parts = [...unionOf(property, `${indent}  `), ...(optional && loose ? ['undefined'] : [])];
    const text = lines(`${indent}  ${name}${optional ? '?' : ''}:`, parts, ';', `${indent}  `);
    return `${doc(nameOf.has(shapeOf(property)) ? undefined : property.description, `${indent}  `)}${text}`;
  });
  return `{\n${body.join('\n')}\n${indent}}`;
}

/** What a value may be: one type, or the members of a union. */
function unionOf(schema: Schema, indent = '', naming = indent !== ''): string[] {
  const name = nameOf.get(shapeOf(schema));
  if (naming && name !== undefined) return [name];
  if (schema.const !== undefined) return [literal(schema.const)];
  if (schema.enum) return schema.enum.map(literal);
  if (schema.anyOf) return schema.anyOf.flatMap((member) => unionOf(member, indent));
  if (schema.type === 'integer') return ['number'];
  if (schema.type === 'array') return [arrayOf(unionOf(schema.items ?? {}, indent, true))];
  if (schema.patternProperties) {
    const [values] = Object.values(schema.patternProperties);
    return [`Record<string, ${unionOf(values ?? {}, indent, true).join(' | ')}>`];
  }
  if (schema.type === 'object') return [objectType(schema, indent)];
  return [schema.type ?? 'unknown'];
}

function arrayOf(members: string[]): string {
  return members.length === 1 ? `${members[0]}[]` : `(${members.join(' | ')})[]`;
}

function lineOrBlock(head: string, fields: string[]): string {
  const line = `${head}{ ${fields.join(', ')} },`;
  if (line.length <= width) return `${line}\n`;
  return `${head}{\n${fields.map((field) => `    ${field},\n`).join('')}  },\n`;
}

function quoted(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : String(value);
}

/** On one line where it fits, as the formatter would have it. */
function lines(head: string, members: string[], tail: string, indent: string): string {
  const line = `${head} ${members.join(' | ')}${tail}`;
  if (members.length === 1 || line.length <= width) return line;
  return `${head}\n${members.map((member) => `${indent}  | ${member}`).join('\n')}${tail}`;
}

function doc(text: string | undefined, indent: string): string {
  if (text === undefined) return '';
  return `${indent}/** ${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'} */\n`;
}

/** Two schemas of one shape are one type, whatever is said about them. */
function shapeOf(schema: Schema): string {
  return JSON.stringify({ ...schema, description: undefined });
}
