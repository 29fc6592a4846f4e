import { AuditRow } from '@teahouse/service-kit/database';
import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/* Times are milliseconds since 1970, UTC. The numbers of states, rights and policies are those of numbers.ts. */

@Entity('group_chat')
export class GroupChat {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  /** Null only inside the transaction that makes the group. */
  @Index({ unique: true })
  @Column({ type: 'bigint', nullable: true })
  groupNumber!: number | null;

  @Column({ type: 'varchar', length: 64 })
  groupName!: string;

  /** Null for the official group, and once the owner has left a dissolved one. */
  @Column({ type: 'bigint', nullable: true })
  ownerId!: number | null;

  @Column({ type: 'int' })
  state!: number;

  @Column({ type: 'varchar', length: 1024 })
  announcement!: string;

  @Column({ type: 'int' })
  joinPolicy!: number;

  @Column({ type: 'int' })
  memberCount!: number;

  @Column({ type: 'bigint' })
  createTime!: number;

  /** The newest `seq` given out. */
  @Column({ type: 'bigint', default: 0 })
  lastSeq!: number;

  /** When `lastSeq` moved. */
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

@Entity('group_chat_member')
export class GroupChatMember {
  @PrimaryColumn({ type: 'bigint' })
  groupId!: number;

  @Index()
  @PrimaryColumn({ type: 'bigint' })
  userId!: number;

  @Column({ type: 'int' })
  rights!: number;

  /** 0: never muted. */
  @Column({ type: 'bigint' })
  mutedUntil!: number;

  @Column({ type: 'bigint' })
  readSeq!: number;

  @Column({ type: 'bigint' })
  joinTime!: number;
}

@Entity('group_ban')
export class GroupBan {
  @PrimaryColumn({ type: 'bigint' })
  groupId!: number;

  @PrimaryColumn({ type: 'bigint' })
  userId!: number;
}

/** The mute of one who went out while muted: whoever comes back is muted still. */
@Entity('group_mute')
export class GroupMute {
  @PrimaryColumn({ type: 'bigint' })
  groupId!: number;

  @PrimaryColumn({ type: 'bigint' })
  userId!: number;

  @Column({ type: 'bigint' })
  mutedUntil!: number;
}

@Entity('group_join_request')
export class GroupJoinRequest {
  @PrimaryColumn({ type: 'bigint' })
  groupId!: number;

  @PrimaryColumn({ type: 'bigint' })
  userId!: number;

  @Column({ type: 'bigint' })
  createTime!: number;
}

/** Everybody who has ever been in a group; the version orders what the view `memberships` is told of them. */
@Entity('group_user')
export class GroupUser {
  @PrimaryColumn({ type: 'bigint' })
  userId!: number;

  /** 0: in the official group and in no other, which is what the view means by no entry. */
  @Column({ type: 'bigint' })
  membershipVersion!: number;

  @Index()
  @Column({ type: 'bigint' })
  changedAt!: number;

  @Column({ type: 'int' })
  groupCount!: number;
}

/** A dissolved group whose members with a higher id than `afterUserId` still have it in their entry of `memberships`. */
@Entity('group_dissolving')
export class GroupDissolving {
  @PrimaryColumn({ type: 'bigint' })
  groupId!: number;

  @Column({ type: 'bigint' })
  afterUserId!: number;
}

/** Written and read by the log, in bulk and without entities; declared here for whoever explores the tables. */
@Entity('group_message')
class GroupMessage {
  @PrimaryColumn({ type: 'bigint' })
  groupId!: number;

  @PrimaryColumn({ type: 'bigint' })
  seq!: number;

  @Column({ type: 'varchar', length: 36 })
  id!: string;

  @Column({ type: 'bigint' })
  fromUserId!: number;

  @Column({ type: 'text' })
  content!: string;

  @Column({ type: 'int' })
  kind!: number;

  @Column({ type: 'text', nullable: true })
  notice!: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  clientId!: string | null;

  @Column({ type: 'bigint' })
  createTime!: number;

  @Column({ type: 'int' })
  recalled!: number;
}

export const groupChatEntities = [
  GroupChat,
  GroupChatMember,
  GroupBan,
  GroupMute,
  GroupJoinRequest,
  GroupUser,
  GroupDissolving,
  GroupMessage,
  AuditRow,
];
