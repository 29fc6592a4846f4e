import type { AuditAct, AuditDetail, AuditRecord } from '@teahouse/contracts';
import { Column, Entity, type EntityManager, In, LessThan, PrimaryGeneratedColumn, type QueryRunner } from 'typeorm';
import { ddl, dialectOf } from './ddl.js';
import type { Database } from './types.js';

/** Entries are kept for a year. */
const keptMs = 365 * 24 * 3600 * 1000;
/** Old entries that one round of forgetting looks at, so that it is short. */
const pruneSize = 500;

/** An administrative act that was done. Each service that has such acts keeps them in its own database. */
@Entity('audit')
export class AuditRow {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ type: 'bigint' })
  time!: number;

  @Column({ type: 'bigint' })
  byUserId!: number;

  @Column({ type: 'varchar' })
  act!: string;

  /** Whom it concerns. */
  @Column({ type: 'bigint', nullable: true })
  userId!: number | null;

  @Column({ type: 'bigint', nullable: true })
  groupId!: number | null;

  /** The notice that tells of it. */
  @Column({ type: 'bigint', nullable: true })
  seq!: number | null;

  @Column({ type: 'varchar', nullable: true })
  address!: string | null;

  /** JSON. */
  @Column({ type: 'varchar', nullable: true })
  detail!: string | null;
}

/** An act that is being done. */
export interface Act {
  readonly by: { readonly userId: number; readonly address?: string };
  readonly act: AuditAct;
  readonly userId?: number;
  readonly groupId?: number;
  readonly seq?: number;
  readonly detail?: AuditDetail;
}

/** Makes the table, for a service's migration. */
export async function createAudit(runner: QueryRunner): Promise<void> {
  const { id, bigint, ascii, text, tableOptions } = ddl(dialectOf(runner));
  await runner.query(`CREATE TABLE audit (
    id ${id}, time ${bigint} NOT NULL, byUserId ${bigint} NOT NULL, act ${ascii(32)} NOT NULL, userId ${bigint} NULL,
    groupId ${bigint} NULL, seq ${bigint} NULL, address ${text(64)} NULL, detail ${text(1024)} NULL) ${tableOptions}`);
}

/** Writes an act down in the transaction that does it: neither is there without the other. */
export async function noteAct(manager: EntityManager, { by, act, userId, groupId, seq, detail }: Act): Promise<void> {
  await manager.insert(AuditRow, {
    time: Date.now(),
    byUserId: by.userId,
    act,
    userId: userId ?? null,
    groupId: groupId ?? null,
    seq: seq ?? null,
    address: by.address ?? null,
    detail: detail === undefined ? null : JSON.stringify(detail),
  });
}

/** The newest acts, those before the entry `before`. */
export async function actsBefore(
  database: Database,
  { before, limit }: { before?: number; limit: number },
): Promise<{ entries: AuditRecord[]; more: boolean }> {
  const where = before === undefined ? {} : { id: LessThan(before) };
  const rows = await database.read((manager) =>
    manager.find(AuditRow, { where, order: { id: 'DESC' }, take: limit + 1 }),
  );
  return { entries: rows.slice(0, limit).map(recordOf), more: rows.length > limit };
}

/** Forgets acts of more than a year ago; true where there may be more of them. */
export async function forgetActs(database: Database): Promise<boolean> {
  const oldest = await database.read((manager) =>
    manager.find(AuditRow, { select: { id: true, time: true }, order: { id: 'ASC' }, take: pruneSize }),
  );
  const old = oldest.filter(({ time }) => time < Date.now() - keptMs).map(({ id }) => id);
  if (old.length > 0) await database.transaction((manager) => manager.delete(AuditRow, { id: In(old) }));
  return old.length === pruneSize;
}

function recordOf(row: AuditRow): AuditRecord {
  const { id, time, byUserId: by, act, userId, groupId, seq, address, detail } = row;
  return {
    id,
    time,
    by,
    act: act as AuditAct,
    ...(userId === null ? {} : { userId }),
    ...(groupId === null ? {} : { groupId }),
    ...(seq === null ? {} : { seq }),
    ...(address === null ? {} : { address }),
    ...(detail === null ? {} : { detail: JSON.parse(detail) as AuditDetail }),
  };
}
