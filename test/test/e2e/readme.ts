import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '@teahouse/test';
import type { Test } from 'tap';

const readme = join(import.meta.dirname, '..', '..', '..', 'packages', 'client', 'README.md');

/** Runs the first piece of code of the client's README as it stands there, but for the address of the server. */
export async function readmeRuns(t: Test, url: string): Promise<void> {
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync(readme, 'utf8')) ?? [];
  t.match(code, /'http:\/\/127\.0\.0\.1:8001'/);
  const program = join(import.meta.dirname, 'readme-lines.mjs');
  writeFileSync(program, code.replace('http://127.0.0.1:8001', url));
  const said: string[] = [];
  const running = await startProcess(process.execPath, [program], {
    env: process.env,
    output: { line: (line) => said.push(line) },
  });
  t.teardown(() => running.stop());
  t.strictSame(await running.finished(), { code: 0, signal: null }, said.join('\n'));
  t.match(said.at(-1), /^\d+ player1: 大家好$/);
}
