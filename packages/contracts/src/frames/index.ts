import * as groups from './groups.js';
import * as messages from './messages.js';
import * as people from './people.js';
import * as session from './session.js';

/** Every frame that a client may send, by its `type`. */
export const clientFrames = { ...session, ...messages, ...groups, ...people } as const;
export type ClientFrameType = keyof typeof clientFrames;

export {
  type ClientFrame,
  type FrameFields,
  type FrameReply,
  type ServerFrame,
  type ServerFrameOf,
  wholeFrame,
} from './define.js';
export { type ServerFrameType, serverFrames } from './pushed.js';
