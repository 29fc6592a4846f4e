export { heartbeat } from './heartbeat.js';
export { parseFrame } from './parse.js';
export { carryOut, type Prepared, prepare } from './prepare.js';
export type { Session, Tools } from './verb.js';
