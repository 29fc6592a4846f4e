/** Sizes and counts that both sides of a wire rely on. Lengths of text are in code points, sizes in bytes. */
export const limits = {
  username: 32,
  nickname: 32,
  passwordMin: 6,
  password: 128,
  groupName: 64,
  announcement: 1024,
  content: 4096,
  searchText: 64,
  /** characters of a `ref` and of a `clientId` */
  ref: 64,
  clientId: 64,
  /** how long a `clientId` is remembered */
  clientIdMs: 7 * 24 * 3600 * 1000,
  /** how long one's own message may be recalled */
  recallMs: 2 * 60 * 1000,
  /** one WebSocket frame from a client */
  frameBytes: 64 * 1024,
  /** one event, request or page on the bus, and one page of history */
  payloadBytes: 256 * 1024,
  /** messages of one append request and of one transaction */
  batch: 500,
  historyDefault: 50,
  history: 200,
  members: 200,
  findGroup: 20,
  presence: 200,
  conversations: 100,
  accounts: 200,
  audit: 200,
  /** characters of a client's address */
  address: 64,
  /** frames of one connection being worked on; beyond it reading pauses */
  inFlight: 256,
  initMs: 10_000,
  /** logins that one question is about: to confirm them, or for the lists that they are told */
  logins: 128,
  /** pages of one question for what people who come back have missed */
  catchUps: 128,
  /** bytes that may queue up for one reader */
  slowReaderBytes: 1024 * 1024,
  /** members of a group beyond which presence is not pushed */
  presencePushMembers: 500,
  /** missing messages beyond which the hub tells clients to catch up instead of fetching */
  repair: 1000,
  /** users of one question whether they are members of a group */
  wholeUsers: 1000,
  /** seconds of the longest mute: ten years */
  muteSeconds: 315_360_000,
} as const;
