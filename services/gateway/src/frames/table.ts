import { history, markRead, recallMessage, search, typing } from './conversations.js';
import { groupVerbs } from './groups.js';
import { peopleVerbs } from './people.js';
import { groupMessage, privateMessage } from './sends.js';
import type { Verb } from './verb.js';

/** All that a logged-in client may ask, by the type of the frame; `init` and `heartbeat` belong to the connection itself. */
export const verbs: ReadonlyMap<string, Verb> = new Map(
  [groupMessage, privateMessage, history, markRead, recallMessage, search, typing, ...groupVerbs, ...peopleVerbs].map(
    (verb) => [verb.frame.type, verb],
  ),
);
