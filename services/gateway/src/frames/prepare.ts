import { firstWrong } from '@teahouse/bus';
import { TeahouseError } from '@teahouse/contracts';
import { pick } from '../pick.js';
import { verbs } from './table.js';
import type { Session, Tools, Verb } from './verb.js';

/** A frame that may be carried out. */
export interface Prepared {
  readonly verb: Verb;
  readonly fields: object;
  readonly conversation: number | undefined;
}

/** Finds the verb of a frame and checks the fields. Throws BAD_REQUEST. */
export function prepare(type: unknown, frame: Readonly<Record<string, unknown>>, session: Session): Prepared {
  const verb = typeof type === 'string' ? verbs.get(type) : undefined;
  if (verb === undefined) throw new TeahouseError('BAD_REQUEST', 'There is no such type of frame.');
  const wrong = firstWrong(verb.validator, frame);
  if (wrong !== undefined) throw new TeahouseError('BAD_REQUEST', wrong);
  const fields = pick(frame, verb.names);
  return { verb, fields, conversation: verb.conversation(fields, session) };
}

/** Resolves with the fields of the ack, rejects with what the client is told. */
export async function carryOut(
  { verb, fields }: Prepared,
  tools: Tools,
  session: Session,
  timeoutMs: number,
): Promise<object> {
  if (timeoutMs <= 0) throw new TeahouseError('UNAVAILABLE');
  return verb.run(tools, session, fields, timeoutMs);
}
