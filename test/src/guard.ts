import { type ChildProcess, spawn } from 'node:child_process';

/**
 * A shell that outlives this process by a moment. It reads what we start from its standard input; when that ends,
 * however we died, it kills the process groups and removes the directories still on its list. POSIX systems only.
 */
const script = `
groups= dirs=
while read -r verb what; do
  case $verb in
    start) groups="$groups $what" ;;
    end) kept=; for g in $groups; do [ "$g" = "$what" ] || kept="$kept $g"; done; groups=$kept ;;
    dir) dirs="$dirs $what" ;;
  esac
done
for g in $groups; do kill -9 "-$g" 2>/dev/null; done
[ -z "$groups" ] || sleep 0.2
[ -z "$dirs" ] || rm -rf $dirs
`;

let guard: ChildProcess | undefined;

function tell(line: string): void {
  if (!guard) {
    guard = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    guard.unref();
    const stdin = guard.stdin as NonNullable<typeof guard.stdin> & { unref?(): void };
    stdin.unref?.();
    // A guard that somebody killed leaves us without the net; what we stop ourselves is stopped all the same.
    stdin.on('error', () => {});
  }
  guard.stdin?.write(`${line}\n`);
}

/** Kills the process group `pid` when this process ends, unless `unguardGroup` was called before. */
export function guardGroup(pid: number): void {
  tell(`start ${pid}`);
}

/** Takes a group whose leader has ended off the list: its number may belong to somebody else soon. */
export function unguardGroup(pid: number): void {
  tell(`end ${pid}`);
}

/** Removes the directory when this process ends. The path must hold no white space. */
export function guardDirectory(path: string): void {
  if (/\s/.test(path)) throw new Error(`A guarded directory may hold no white space: ${path}`);
  tell(`dir ${path}`);
}
