import t from 'tap';

interface Report {
  line(text: string): void;
  end(): { passed: number; failed: number };
}
type CreateReport = (files: string[], write: (line: string) => void) => Report;

const script = new URL('../../scripts/lib/report.mjs', import.meta.url).href;
const { createReport } = (await import(script)) as { createReport: CreateReport };

/** What is counted and written of a run of a.js, and b.js where it is named, that said `tap`. */
function read(tap: string, files = ['a.js']) {
  const written: string[] = [];
  const report = createReport(files, (line) => written.push(line));
  for (const line of tap.split('\n')) report.line(line);
  return { ...report.end(), written: written.join('\n') };
}

const file = (name: string, inside: string, end = 'ok') =>
  `# Subtest: ${name}\n${inside.replace(/^/gm, '    ')}\n${end} 1 - ${name} # time=5ms\n`;

t.test('leaves are counted, groups are not', async (t) => {
  const inner = '# Subtest: group\n    ok 1 - x\n    ok 2 - y\n    1..2\nok 1 - group\nok 2 - z\n1..2';
  t.match(read(`TAP version 14\n${file('a.js', inner)}1..1`), {
    passed: 3,
    failed: 0,
    written: /^ok {5}a\.js {2}3 passed/,
  });
});

t.test('a failed leaf is one failure, however deep it is, and is told with its path', async (t) => {
  const inner = '# Subtest: group\n    not ok 1 - x\n    ok 2 - y\n    1..2\nnot ok 1 - group\n1..1';
  const result = read(`${file('a.js', inner, 'not ok')}1..1`);
  t.match(result, { passed: 1, failed: 1 });
  t.match(result.written, 'FAILED a.js > group > x');
  t.match(result.written, 'NOT OK a.js');
});

t.test('a file that fails beside its leaves, as by a crash, is a failure', async (t) => {
  t.match(read(`${file('a.js', 'ok 1 - x\n1..1', 'not ok')}1..1`), { passed: 1, failed: 1, written: /NOT OK a\.js/ });
});

t.test('what is skipped or to be done counts as neither', async (t) => {
  const inner = 'ok 1 - x\nok 2 - y # SKIP later\nnot ok 3 - z # TODO\n1..3';
  t.match(read(`${file('a.js', inner)}1..1`), { passed: 1, failed: 0 });
});

t.test('a file that asserts nothing has failed', async (t) => {
  const empty = `${file('a.js', '1..0 # no tests found').replace('# time=5ms', '# SKIP no tests found')}1..1`;
  t.match(read(empty), { passed: 0, failed: 1, written: /NOT OK a\.js {2}asserts nothing/ });
});

t.test('a file that nothing was heard of has failed', async (t) => {
  const result = read(`${file('a.js', 'ok 1 - x\n1..1')}1..1`, ['a.js', 'b.js']);
  t.match(result, { passed: 1, failed: 1, written: /NOT OK b\.js {2}gave no result/ });
});
