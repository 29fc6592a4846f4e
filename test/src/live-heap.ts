import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Loaded into a process before its own code. On SIGWINCH, which means nothing to a service, it collects all garbage and writes
 * down what is still in use, so that this is told from memory that V8 has not cleared away yet.
 */

const directory = process.env.LIVE_HEAP_DIR;
const collect = globalThis.gc;

if (directory !== undefined && collect !== undefined) {
  const place = join(directory, String(process.pid));
  process.on('SIGWINCH', () => {
    collect();
    const { heapTotal, heapUsed, external } = process.memoryUsage();
    writeFileSync(`${place}.new`, JSON.stringify({ live: heapUsed + external, native: anonymous() - heapTotal }));
    renameSync(`${place}.new`, place);
  });
}

/** Bytes in memory that belong to no file: the kernel drops pages of programs and libraries, and reads them again, as it likes. */
function anonymous(): number {
  return 1024 * Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
