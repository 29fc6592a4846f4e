import { createLog, type Log } from '@teahouse/service-kit';
import { ddl, dialectOf } from '@teahouse/service-kit/database';
import { Column, Entity, type MigrationInterface, PrimaryGeneratedColumn, type QueryRunner } from 'typeorm';

/** A table to play with. */
@Entity('thing')
export class Thing {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column({ type: 'varchar' })
  name!: string;

  @Column({ type: 'bigint' })
  amount!: number;
}

export class CreateThing1700000000000 implements MigrationInterface {
  name = 'CreateThing1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    const type = ddl(dialectOf(runner));
    await runner.query(
      `CREATE TABLE thing (id ${type.id}, name ${type.text(64)} NOT NULL UNIQUE, amount ${type.bigint} NOT NULL) ${type.tableOptions}`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE thing');
  }
}

export const schema = { entities: [Thing], migrations: [CreateThing1700000000000] };

export const quiet: Log = createLog({ name: 'test', level: 'silent' });
