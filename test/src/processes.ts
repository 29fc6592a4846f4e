import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { guardDirectory, guardGroup, unguardGroup } from './guard.js';
import { untilHeld } from './held.js';
import { within } from './wait.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  /** Settles when the process has ended; never rejects. Waiting for it does not keep this process alive. */
  readonly exited: Promise<Exit>;
  /** As `exited`, but keeps this process alive, and all output has been handed over. */
  finished(): Promise<Exit>;
  /** Signals the whole group; does nothing once the process has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Sends `signal`, SIGKILL after `graceMs`, and waits for the end. A process held by SIGSTOP goes at the SIGKILL. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<Exit>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Where its output goes: a file, or a function that gets each line of both streams. */
  readonly output: { readonly file: string } | { readonly line: (line: string, stream: 'stdout' | 'stderr') => void };
}

/**
 * Starts a program as the leader of its own process group, so that a Ctrl-C meant for us does not reach it and all of its
 * children can be signalled at once. It does not keep this process alive, and never outlives it.
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: StartOptions,
): Promise<RunningProcess> {
  const { output } = options;
  const file = 'file' in output ? openSync(output.file, 'a') : undefined;
  const stdio = file ?? 'pipe';
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['ignore', stdio, stdio],
  });
  if (file !== undefined) closeSync(file);
  if ('line' in output) {
    forwardLines(child.stdout, (line) => output.line(line, 'stdout'));
    forwardLines(child.stderr, (line) => output.line(line, 'stderr'));
  }
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new Error(`${command} cannot be started.`, { cause })));
  });
  return manage(child, child.pid as number);
}

function manage(child: ChildProcess, pid: number): RunningProcess {
  let ended = false;
  guardGroup(pid);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true;
      signalGroup(pid, 'SIGKILL');
      unguardGroup(pid);
      resolve({ code, signal });
    });
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.unref();
  const kill = (signal: NodeJS.Signals) => {
    if (ended) return;
    signalGroup(pid, signal);
    if (signal === 'SIGSTOP') untilHeld(pid);
  };
  return {
    pid,
    exited,
    kill,
    async finished() {
      if (!ended) child.ref();
      const exit = await exited;
      await closed;
      return exit;
    },
    async stop(signal = 'SIGTERM', graceMs = 5_000) {
      if (!ended) child.ref();
      kill(signal);
      try {
        return await within(exited, graceMs, 'still running');
      } catch {
        kill('SIGKILL');
        return await exited;
      }
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: nobody is left in the group, which is what a signal is sent for.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function forwardLines(stream: NodeJS.ReadableStream | null, line: (line: string) => void): void {
  if (!stream) return;
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) line(text);
    // A line without an end is given out in pieces rather than gathered for ever.
    if (rest.length > 65_536) {
      line(rest);
      rest = '';
    }
  });
  stream.on('end', () => {
    if (rest) line(rest);
  });
  (stream as NodeJS.ReadableStream & { unref?(): void }).unref?.();
}

/** The full path of the first of `names` that is installed, looked for in PATH and where Debian keeps its daemons. */
export function findProgram(...names: string[]): string | undefined {
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const name of names) {
    for (const place of places) {
      if (place && existsSync(join(place, name))) return join(place, name);
    }
  }
  return undefined;
}

/** A fresh directory for one server's files, in memory where the system has such a place; gone when this process ends. */
export function temporaryDirectory(name: string): string {
  const path = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), `teahouse-${name}-`));
  guardDirectory(path);
  return path;
}

/** The last lines of a log file, for an error message; empty where there is none. */
export function tailOf(file: string, lines = 15): string {
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
