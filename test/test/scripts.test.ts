import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { numberOption, oneOf, wholeOption } from '@teahouse/test';
import t from 'tap';

const root = join(import.meta.dirname, '..', '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** As npm runs it, with these words behind it. */
function call(name: string, ...words: string[]) {
  const [, ...args] = (scripts[name] ?? '').split(' ');
  const env = { ...process.env, npm_lifecycle_event: name };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, ...words], {
    cwd: root,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

t.test('every command tells how it is used, and does nothing else', async (t) => {
  for (const [name, command] of Object.entries(scripts)) {
    if (!command.startsWith('node ')) continue;
    const { status, stdout, stderr } = call(name, '--help');
    t.match({ status, stdout, stderr }, { status: 0, stdout: /^npm (run )?[a-z:-]+ /, stderr: '' }, name);
    t.ok(stdout.includes(name), `${name} names itself`);
  }
});

t.test('a wrong option is told in one line, with the usage and without a stack', async (t) => {
  for (const name of ['start', 'stack', 'lint', 'nats-users', 'compose:check', 'screenshots']) {
    const { status, stdout, stderr } = call(name, '--nonsense');
    t.match({ status, stdout, stderr }, { status: 2, stdout: '', stderr: /^Unknown option '--nonsense'\nnpm / }, name);
    t.notMatch(stderr, /^\s+at /m, name);
  }
});

t.test('options are checked, and the sentence says what would do', async (t) => {
  t.equal(numberOption('minutes', '0.5', 0), 0.5);
  t.equal(wholeOption('rounds', '3', 1), 3);
  t.equal(oneOf('part', 'b', ['a', 'b']), 'b');
  const wrong: [() => unknown, string][] = [
    [() => numberOption('minutes', '', 0), '--minutes must be a number from 0.'],
    [() => numberOption('share', '101', 0, 100), '--share must be a number from 0 to 100.'],
    [() => wholeOption('rounds', '1.5', 1), '--rounds must be a whole number.'],
    [() => oneOf('part', 'c', ['a', 'b']), 'There is no part "c"; there are a, b.'],
  ];
  for (const [read, message] of wrong) t.throws(read, { name: 'UsageError', message });
});
