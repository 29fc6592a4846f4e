import type { Session, Tools } from './verb.js';

/** The answer to a heartbeat, with the conversations that moved since the last one. */
export function heartbeat(tools: Tools, session: Session): object {
  const heads = tools.hub.headsFor(session);
  return { time: new Date().toISOString(), ...(heads === undefined ? {} : { heads }) };
}
