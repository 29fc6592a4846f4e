export { accountExample, authCalls, LoginId, TokenPair } from './auth.js';
export {
  type Call,
  type Caller,
  Caller as CallerSchema,
  type CallReply,
  type CallRequest,
  callerExample,
} from './define.js';
export { AppendResult, GroupAtLogin, groupCalls } from './group.js';
export { privateCalls } from './private.js';
