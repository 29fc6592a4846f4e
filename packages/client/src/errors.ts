import { type ErrorCode, errorCatalogue } from './protocol.js';

/** What can go wrong here beside what the server says. */
const ownCodes = {
  /** The connection went before the answer came: the request may or may not have been carried out. */
  DISCONNECTED: { retryable: true, sentence: 'There is no connection to the server.' },
  /** No answer came in time: the request may or may not have been carried out. */
  TIMEOUT: { retryable: true, sentence: 'The server did not answer in time.' },
  CLOSED: { retryable: false, sentence: 'The client is closed.' },
  OUTBOX_FULL: { retryable: true, sentence: 'Too many messages wait to be sent.' },
  /** The server broke the protocol, or says that we did. */
  PROTOCOL: { retryable: false, sentence: 'Client and server do not understand each other.' },
} as const;

export type ChatErrorCode = ErrorCode | keyof typeof ownCodes;

/** Every error of this package. `code` is the server's, or one of our own: DISCONNECTED, TIMEOUT, CLOSED, OUTBOX_FULL, PROTOCOL. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly code: ChatErrorCode;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** Milliseconds after which a retry makes sense, where the server said so. */
  readonly retryAfterMs?: number;

  constructor(
    code: ChatErrorCode,
    sentence?: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    const entry = isErrorCode(code) ? errorCatalogue[code] : ownCodes[code];
    super(sentence ?? entry.sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = entry.retryable;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }

  /** From what an `error` frame, a REST error or a store holds; a code unknown here counts as INTERNAL. */
  static from(told: { code?: unknown; message?: unknown; retryAfterMs?: unknown }): ChatError {
    return new ChatError(
      isErrorCode(told.code) || isOwnCode(told.code) ? told.code : 'INTERNAL',
      typeof told.message === 'string' ? told.message : undefined,
      { retryAfterMs: typeof told.retryAfterMs === 'number' ? told.retryAfterMs : undefined },
    );
  }
}

function isOwnCode(value: unknown): value is keyof typeof ownCodes {
  return typeof value === 'string' && Object.hasOwn(ownCodes, value);
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value);
}
