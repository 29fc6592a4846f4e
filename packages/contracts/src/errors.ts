/**
 * The catalogue of everything that can go wrong: error codes, close codes, and what a client does about each.
 * Inside a process errors carry a `cause`; outside only the code and a safe sentence are told.
 */

/** What one error code means: its HTTP status, whether the same request may succeed later, and the default sentence. */
export interface ErrorEntry {
  readonly status: number;
  readonly retryable: boolean;
  readonly sentence: string;
}

export const errorCatalogue = {
  BAD_REQUEST: {
    status: 400,
    retryable: false,
    sentence: 'The request does not have the shape that the protocol asks for.',
  },
  UNAUTHENTICATED: { status: 401, retryable: false, sentence: 'Log in first.' },
  BAD_CREDENTIALS: { status: 401, retryable: false, sentence: 'The username or the password is wrong.' },
  FORBIDDEN: { status: 403, retryable: false, sentence: 'Your rights do not allow this.' },
  NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such thing, or you may not know of it.' },
  CONFLICT: { status: 409, retryable: false, sentence: 'This conflicts with what is already there.' },
  NOT_A_MEMBER: { status: 403, retryable: false, sentence: 'You are not a member of this group.' },
  GROUP_DISSOLVED: { status: 409, retryable: false, sentence: 'The group is dissolved.' },
  GROUP_MUTED: { status: 403, retryable: false, sentence: 'The group does not let you speak at present.' },
  MEMBER_MUTED: { status: 403, retryable: false, sentence: 'You are muted in this group.' },
  NO_COMMON_GROUP: { status: 403, retryable: false, sentence: 'You share no group with this user.' },
  BLOCKED: { status: 403, retryable: false, sentence: 'One of you has blocked the other.' },
  RATE_LIMITED: { status: 429, retryable: true, sentence: 'Too many requests; slow down.' },
  UNAVAILABLE: { status: 503, retryable: true, sentence: 'The service is not available at present.' },
  INTERNAL: { status: 500, retryable: false, sentence: 'Something went wrong on our side.' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

export const errorCodes = Object.keys(errorCatalogue) as readonly ErrorCode[];

/** True for a string that names an entry of the catalogue. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value);
}

/**
 * The error that verbs throw and that travels over the bus as code and sentence.
 * `message` is told to strangers: no names of tables, hosts or drivers in it. The `cause` stays inside.
 */
export class TeahouseError extends Error {
  override readonly name = 'TeahouseError';
  readonly code: ErrorCode;
  /** Milliseconds after which a retry makes sense; only with `RATE_LIMITED` and `UNAVAILABLE`, where it can be named. */
  readonly retryAfterMs?: number;

  constructor(code: ErrorCode, sentence?: string, options?: { cause?: unknown; retryAfterMs?: number }) {
    super(
      sentence ?? errorCatalogue[code].sentence,
      options?.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    if (options?.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }
}

/** When a client comes back after a close: `yes` at once with backoff, `later` after a pause, `login` with a fresh login, `no` never. */
export type ComeBack = 'yes' | 'later' | 'login' | 'no';

/** WebSocket close codes the server uses. 1001 to 1013 are RFC 6455's, 4000 and up are ours. */
export const closeCatalogue = {
  goingAway: { code: 1001, comeBack: 'yes', meaning: 'the server is going away' },
  notText: { code: 1003, comeBack: 'no', meaning: 'a binary frame' },
  notUtf8: { code: 1007, comeBack: 'no', meaning: 'text that is no UTF-8' },
  tooBig: { code: 1009, comeBack: 'no', meaning: 'a frame over 64 KiB' },
  restarting: { code: 1012, comeBack: 'yes', meaning: 'the server is restarting' },
  busy: { code: 1013, comeBack: 'yes', meaning: 'the server is busy, or nobody is there to check a login' },
  notJson: { code: 4400, comeBack: 'no', meaning: 'a frame that is no JSON object' },
  unauthenticated: { code: 4401, comeBack: 'login', meaning: 'not logged in, or the login ended' },
  timeout: { code: 4408, comeBack: 'yes', meaning: 'no init in time, or silent for too long' },
  tooMany: { code: 4429, comeBack: 'later', meaning: 'ten times over the rate limit, or too many connections' },
  slowReader: { code: 4508, comeBack: 'yes', meaning: 'the client reads too slowly' },
} as const satisfies Record<string, { code: number; comeBack: ComeBack; meaning: string }>;

export type CloseReason = keyof typeof closeCatalogue;
