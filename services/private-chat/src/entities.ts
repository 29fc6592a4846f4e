import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/* Times are milliseconds since 1970, UTC. */

/** Two people who have talked, or have just been allowed to. */
@Entity('private_conversation')
@Index(['userLow', 'userHigh'], { unique: true })
@Index(['userLow', 'movedSecond'])
@Index(['userHigh', 'movedSecond'])
class PrivateConversation {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  /** The lower of the two user ids. */
  @Column({ type: 'bigint' })
  userLow!: number;

  @Column({ type: 'bigint' })
  userHigh!: number;

  /** Up to which `seq` each of them has read. */
  @Column({ type: 'bigint', default: 0 })
  readLow!: number;

  @Column({ type: 'bigint', default: 0 })
  readHigh!: number;

  /** How many of the two block the other: what sends are judged by, kept equal to `private_block` under this row's lock. */
  @Column({ type: 'int', default: 0 })
  blocks!: number;

  @Column({ type: 'bigint', default: 0 })
  lastSeq!: number;

  @Column({ type: 'bigint', default: 0 })
  movedAt!: number;

  /** Its second, by which it is found. */
  @Index()
  @Column({ type: 'bigint', default: 0 })
  movedSecond!: number;

  @Column({ type: 'bigint', default: 0 })
  archivedThroughSeq!: number;

  @Column({ type: 'bigint', default: 1 })
  hotFromSeq!: number;

  /** Not later than the oldest message that could be evicted. */
  @Index()
  @Column({ type: 'bigint', default: Number.MAX_SAFE_INTEGER })
  evictableSince!: number;
}

@Entity('private_message')
class PrivateMessage {
  @PrimaryColumn({ type: 'bigint' })
  conversationId!: number;

  @PrimaryColumn({ type: 'bigint' })
  seq!: number;

  @Column({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ type: 'bigint' })
  fromUserId!: number;

  @Column({ type: 'text' })
  content!: string;

  /** 0 normal, 1 notice. */
  @Column({ type: 'int' })
  kind!: number;

  /** JSON, in notices only. */
  @Column({ type: 'text', nullable: true })
  notice!: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  clientId!: string | null;

  @Column({ type: 'bigint' })
  createTime!: number;

  @Column({ type: 'int' })
  recalled!: number;
}

/** What was sent with which `clientId` within seven days. */
@Entity('private_sent_id')
class PrivateSentId {
  @PrimaryColumn({ type: 'bigint' })
  fromUserId!: number;

  @PrimaryColumn({ type: 'varchar', length: 64 })
  clientId!: string;

  @Column({ type: 'bigint' })
  conversationId!: number;

  @Column({ type: 'bigint' })
  seq!: number;

  @Column({ type: 'varchar', length: 36 })
  id!: string;

  @Index()
  @Column({ type: 'bigint' })
  createTime!: number;

  @Column({ type: 'varchar', length: 32 })
  contentHash!: string;
}

@Entity('private_block')
class PrivateBlock {
  @PrimaryColumn({ type: 'bigint' })
  userId!: number;

  /** Whom the user does not want to hear from. */
  @PrimaryColumn({ type: 'bigint' })
  blockedId!: number;
}

export const privateChatEntities = [PrivateConversation, PrivateMessage, PrivateSentId, PrivateBlock];
