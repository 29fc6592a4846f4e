import { ConfigError, createLog } from '@teahouse/service-kit';
import type { OpenOptions } from '@teahouse/service-kit/database';
import type { LogTables } from '../types.js';
import { backfill } from './backfill.js';
import { retentionRun } from './retention-run.js';
import { status } from './status.js';
import { type OperateConfig, openTools, type Tools } from './tools.js';
import { verify } from './verify.js';

const commands: Record<string, { readonly help: string; readonly run: (tools: Tools) => Promise<boolean> }> = {
  'archive status': { help: 'what is where, how far archiving is, which conversations have an alarm', run: status },
  'archive backfill': { help: 'copies into the archive all that it does not hold yet', run: backfill },
  'archive verify': {
    help: 'compares both databases, copies lost messages again, raises and clears alarms',
    run: verify,
  },
  'retention run': { help: 'evicts now what HOT_MAX_AGE_DAYS and HOT_MAX_ROWS say', run: retentionRun },
};

export interface OperateOptions {
  /** As in `services/NAME`. */
  readonly name: string;
  readonly tables: LogTables;
  /** Of the hot database. */
  readonly migrations: OpenOptions['migrations'];
  readonly config: () => OperateConfig;
}

/**
 * Runs the operator's command that the process was given, beside running instances or without them; each may be repeated
 * and interrupted. Exit code 0; 1 where something is left to the operator or the command failed, 2 for no such command.
 */
export async function operate({ name, tables, migrations, config }: OperateOptions): Promise<void> {
  const command = commands[process.argv.slice(2).join(' ')];
  if (!command) {
    const lines = Object.entries(commands).map(([words, { help }]) => `  ${words.padEnd(17)} ${help}`);
    process.stderr.write(`node services/${name}/dist/operate.js COMMAND\n${lines.join('\n')}\n`);
    process.exit(2);
  }
  try {
    const tools = await openTools(config(), tables, migrations, createLog({ name, level: 'error' }, process.stderr));
    try {
      process.exitCode = (await command.run(tools)) ? 0 : 1;
    } finally {
      await tools.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${error instanceof ConfigError ? '' : `${name}: `}${reason}\n`);
    process.exit(1);
  }
}
