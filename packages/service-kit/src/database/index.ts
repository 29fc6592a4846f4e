export { type Act, AuditRow, actsBefore, createAudit, forgetActs, noteAct } from './audit.js';
export { type Ddl, ddl, dialectOf } from './ddl.js';
export { classify, type ErrorKind } from './errors.js';
export { openDatabase } from './open.js';
export type { Database, Dialect, OpenOptions, Param, Row, Run, Session, Statement } from './types.js';
export { list, values } from './values.js';
