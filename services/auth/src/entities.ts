import { AuditRow } from '@teahouse/service-kit/database';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** An account. */
@Entity('user')
export class UserRow {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  /** As it was typed at registration. */
  @Column({ type: 'varchar' })
  username!: string;

  /** `usernameKey` of the name: unique, so that names are compared without case alike in every dialect. */
  @Column({ type: 'varchar' })
  usernameKey!: string;

  @Column({ type: 'varchar' })
  nickname!: string;

  @Column({ type: 'varchar' })
  passwordHash!: string;

  /** 0 user, 1 admin: the index in `systemRoles`. */
  @Column({ type: 'int' })
  role!: number;

  /** 0 or 1; a disabled account neither logs in nor refreshes. */
  @Column({ type: 'int' })
  disabled!: number;

  @Column({ type: 'bigint', nullable: true })
  lastOnlineTime!: number | null;

  @Column({ type: 'bigint' })
  createTime!: number;

  /** Counts the changes of what the view `profiles` tells. */
  @Column({ type: 'int' })
  profileVersion!: number;

  @Column({ type: 'bigint' })
  changeTime!: number;

  /** 1 when the view has this `profileVersion`. */
  @Column({ type: 'int' })
  told!: number;
}

/** A login: one family of refresh tokens. Only hashes are kept, so that nobody can log in with a copy of the table. */
@Entity('login')
export class LoginRow {
  /** UUID, version 7: the claim `sid`. */
  @PrimaryColumn({ type: 'varchar' })
  id!: string;

  @Column({ type: 'bigint' })
  userId!: number;

  /** SHA-256 of the secret that all refresh tokens of this login carry. */
  @Column({ type: 'varchar' })
  familyHash!: string;

  /** SHA-256 of the secret of the last refresh token, the one that is not spent. */
  @Column({ type: 'varchar' })
  tokenHash!: string;

  @Column({ type: 'bigint' })
  createTime!: number;

  @Column({ type: 'bigint' })
  lastUse!: number;

  @Column({ type: 'bigint', nullable: true })
  endTime!: number | null;

  /** 0 while an end is not yet in the view `revocations`. */
  @Column({ type: 'int' })
  told!: number;
}

/** A key that signs access tokens or lately did. */
@Entity('signing_key')
export class SigningKeyRow {
  @PrimaryColumn({ type: 'varchar' })
  kid!: string;

  /** 1 for the key that was made here: unique, so that several first instances agree on one. */
  @Column({ type: 'int', nullable: true })
  made!: number | null;

  /** PEM; null where the operator keeps it in a file. */
  @Column({ type: 'varchar', nullable: true })
  privateKey!: string | null;

  @Column({ type: 'varchar' })
  publicKey!: string;

  @Column({ type: 'bigint' })
  createTime!: number;

  /** Moved on by every instance that signs with it; long ago means that no token of it can be alive. */
  @Column({ type: 'bigint' })
  usedTime!: number;
}

/** A life that access tokens are given, or lately were. */
@Entity('token_life')
export class TokenLifeRow {
  @PrimaryColumn({ type: 'bigint' })
  lifeMs!: number;

  /** Moved on by every instance that gives it; longer ago than the life itself means that no such token is alive. */
  @Column({ type: 'bigint' })
  usedTime!: number;
}

export const authEntities = [UserRow, LoginRow, SigningKeyRow, TokenLifeRow, AuditRow];
