import type { ErrorCode, MessageKind, Notice, TeahouseError } from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import type { Database, Row, Statement } from '@teahouse/service-kit/database';
import type { EntityManager } from 'typeorm';

/** Names of the tables of one log. They come from our own code: nothing escapes them. */
export interface LogTables {
  /** One row a conversation: `id`, and the columns that `logMigration` adds. */
  readonly conversation: string;
  /** All messages, clustered by (`key`, `seq`). */
  readonly message: string;
  /** The message table's column that names the conversation: `groupId`. */
  readonly key: string;
  /** What was sent with which `clientId` within the last seven days. */
  readonly sent: string;
}

/** One message that somebody wants to say. */
export interface Draft {
  readonly conversationId: number;
  /** The sender's user id. */
  readonly from: number;
  /** The connection that gets the ack instead of the message. */
  readonly connectionId: string;
  /** Whoever asks tells all who hear the conversation. */
  readonly quiet?: boolean | undefined;
  readonly content: string;
  readonly clientId?: string | undefined;
}

export interface StoredMessage {
  readonly conversationId: number;
  readonly seq: number;
  readonly id: string;
  readonly from: number;
  /** Empty where it was recalled, and in notices but official ones. */
  readonly content: string;
  readonly kind: MessageKind;
  readonly notice?: Notice;
  readonly clientId?: string | undefined;
  /** Milliseconds since 1970, UTC. */
  readonly createTime: number;
  readonly recalled: boolean;
}

/** Why a draft is refused; undefined where it is not. A code gets the catalogue's sentence. */
export type Verdict = ErrorCode | TeahouseError | undefined;

/** What was accepted. With `duplicate` the place and time of the message that was stored first. */
export interface Stored {
  readonly id: string;
  readonly seq: number;
  /** Milliseconds since 1970, UTC. */
  readonly createTime: number;
  readonly duplicate?: true;
}

/** New messages of one conversation with contiguous `seq`, ascending; `connectionIds[i]` sent `messages[i]`. */
export interface StoredBatch {
  readonly conversationId: number;
  readonly messages: readonly StoredMessage[];
  readonly connectionIds: readonly string[];
  /** None of these needs to be published. */
  readonly quiet: boolean;
  /** The conversation's row before these were stored: `id`, `lastSeq` and the rules' columns. */
  readonly conversation: Row;
}

/** The rules of a service, which hold for the moment in which the transaction has the conversations concerned locked. */
export interface LogRules<D extends Draft> {
  /** Columns of the conversation's row that judging and publishing need, besides `id` and `lastSeq`. */
  readonly columns: readonly string[];
  /** SELECTs that run right after the lock, in the same round trip: they see everything committed before. */
  reads(drafts: readonly D[]): readonly Statement[];
  /** Called once a transaction that looks first, with the rows of `reads` and the locked conversations by id; the function it returns is asked once a draft that is no duplicate. */
  judge(rows: readonly (readonly Row[])[], conversations: ReadonlyMap<number, Row>): (draft: D) => Verdict;
  /**
   * Where this is given, who was let speak is taken to be let speak again while `lastSeq` is what this log left there and
   * this condition (SQL) holds for the conversation's row, and a batch of such drafts is stored in one round trip. So
   * whatever takes the right to speak away, or changes a column that `assigns`, `writes` and `onStored` need, must move
   * `lastSeq`, as a notice does, or make the condition false, in its own transaction.
   */
  readonly foreseen?: string;
  /** The refusal where there is no such conversation; a function where it depends on the draft. */
  readonly missing: ErrorCode | ((draft: D) => ErrorCode | TeahouseError);
  /**
   * What else changes in the conversation's row with these messages, as the assignments of an UPDATE, in which `lastSeq` is
   * the one before; for read marks that own sends move. Few different ones: each makes a statement of its own.
   */
  assigns?(batch: StoredBatch): readonly string[];
  /** Statements to run in the transaction that stores these messages, just before COMMIT; for read marks in other rows. */
  writes?(batches: readonly StoredBatch[]): readonly Statement[];
}

/** Where a log's old messages are, made by `openArchive`. */
export interface Archive {
  /** Tells that these messages are committed. Costs next to nothing, waits for nothing, never throws. */
  ring(batches: readonly StoredBatch[]): void;
  /** Rows of a range of `seq`, ascending. UNAVAILABLE while the archive is away, within a second. */
  read(conversationId: number, from: number, to: number): Promise<Row[]>;
  /** Ends archiving and eviction between two steps; a few seconds at most. */
  close(): Promise<void>;
}

export interface LogOptions<D extends Draft> {
  readonly database: Database;
  readonly tables: LogTables;
  readonly rules: LogRules<D>;
  /** Publishes. Called after the commit and before the results resolve. What it throws is logged: the messages are stored. */
  readonly onStored: (batches: readonly StoredBatch[]) => void;
  readonly log: Log;
  /** Transactions at once, each on a connection of its own; a conversation is always in the same lane. 1 unless told. */
  readonly lanes?: number;
  /** Drafts that may wait; 20,000 unless told. Those beyond are answered `UNAVAILABLE` at once. */
  readonly capacity?: number;
  /** Closed by the caller, after the log. Without one all messages stay in the hot database. */
  readonly archive?: Archive | undefined;
}

/** Cursors are exclusive, and at most one is given. Without one: the newest. */
export interface PageRequest {
  readonly beforeSeq?: number | undefined;
  readonly afterSeq?: number | undefined;
  readonly limit: number;
}

/** A page after a seq, of those that many ask for at once. */
export interface CatchUp {
  readonly conversationId: number;
  readonly afterSeq: number;
  readonly limit: number;
}

export interface Page {
  /** Ascending by `seq`, without a hole, at most 256 KiB as JSON; may be fewer than asked though there is more. */
  readonly messages: StoredMessage[];
  /** Whether there is more in the direction asked: newer with `afterSeq`, older without. */
  readonly more: boolean;
}

export interface SearchRequest {
  readonly text: string;
  readonly beforeSeq?: number | undefined;
  readonly limit: number;
}

export interface SearchResult {
  /** Descending by `seq`. */
  readonly messages: StoredMessage[];
  /** Whether older messages are still to be looked through, from `beforeSeq` on. */
  readonly more: boolean;
  readonly beforeSeq?: number;
}

export interface MessageLog<D extends Draft> {
  /**
   * Stores drafts; one result for each, in order. A refusal is a value, not a rejection; this promise never rejects.
   * Resolves after commit and `onStored`. Drafts of one sender and conversation are stored in the order given, except
   * that one answered `UNAVAILABLE` may have been stored or not.
   * @param deadline unix milliseconds; a draft whose turn has not come by then is answered `UNAVAILABLE` and not stored
   */
  append(drafts: readonly D[], deadline: number): Promise<(Stored | TeahouseError)[]>;
  /**
   * For a verb that changes a conversation: appends notices in its transaction, after it locked the conversation's row
   * itself (SELECT … FOR UPDATE by primary key). The caller publishes them once it has committed.
   */
  appendInside(
    manager: EntityManager,
    conversationId: number,
    notices: readonly { from: number; notice: Notice; content?: string }[],
  ): Promise<StoredMessage[]>;
  /**
   * One message, read inside the caller's transaction, which holds the conversation's lock as for `appendInside`. One that
   * was evicted comes from the archive; UNAVAILABLE where that is away.
   */
  messageInside(manager: EntityManager, conversationId: number, seq: number): Promise<StoredMessage | undefined>;
  /**
   * Empties a message and appends the notice `{event: 'recalled', by, seq}`, which it returns; conditions as for
   * `appendInside`. Whether `by` may do so, and whether it is recalled already, the caller has checked.
   */
  recallInside(manager: EntityManager, conversationId: number, seq: number, by: number): Promise<StoredMessage>;
  /**
   * A page of a conversation; empty for one that does not exist. It ends at the border to the archive, whose pages are
   * UNAVAILABLE while it is away.
   */
  history(conversationId: number, page: PageRequest): Promise<Page>;
  /**
   * Many pages at once, in the order asked, all together at most 256 KiB as JSON. `alone` where `history` is to be asked:
   * for what has left the hot database, conversations that do not exist, and what there was no room for.
   */
  catchUps(asks: readonly CatchUp[]): Promise<(Page | 'alone')[]>;
  /** Normal messages that hold a text, newest first, case ignored in any script. May end early, with `more`. */
  search(conversationId: number, request: SearchRequest): Promise<SearchResult>;
  /** Conversations that moved at `ms` or later, by that time ascending: `id`, `lastSeq`, `movedAt` and the rules' columns. */
  movedSince(ms: number, limit: number): Promise<Row[]>;
  /** Takes nothing new, finishes the transactions at work (5 s at most), answers what still waits `UNAVAILABLE`. */
  close(): Promise<void>;
}
