import { stripVTControlCharacters } from 'node:util';
import { Parser } from 'tap-parser';

/**
 * Reads tap's raw output line by line and writes a line for each test file and what is known about each failure.
 *
 * The counts are assertions of all files; what is skipped counts as neither. A test point that closes a group of others is
 * not counted again, unless it fails for a reason that none of them shows (a crash, a time-out, a plan that was not kept).
 * A file that asserts nothing, and one that tap says nothing of, as it does of a neighbour of a file that timed out, has
 * failed.
 * @param {string[]} files the test files that tap was told to run
 * @param {(line: string) => void} write
 * @returns {{ line(text: string): void, end(): { passed: number, failed: number } }}
 */
export function createReport(files, write) {
  const top = new Parser();
  const silent = new Set(files);
  const counts = watch(top, [], write, (point, inner) => {
    silent.delete(point.name);
    if (!inner && !point.ok) return;
    const asserted = inner !== undefined && inner.passed + inner.failed > 0;
    if (!asserted) counts.failed += 1;
    const seconds = ((point.time ?? 0) / 1000).toFixed(1);
    const sums = asserted ? `${inner.passed} passed, ${inner.failed} failed` : 'asserts nothing';
    write(`${point.ok && asserted ? 'ok    ' : 'NOT OK'} ${point.name}  ${sums}, ${seconds} s`);
  });
  return {
    line: (text) => top.write(`${text}\n`),
    end() {
      top.end();
      for (const file of silent) write(`NOT OK ${file}  gave no result`);
      return { passed: counts.passed, failed: counts.failed + silent.size };
    },
  };
}

/** Counts the leaves below a parser; `closed` hears of each point at its level and the counts of the group it closes. */
function watch(parser, path, write, closed = () => {}) {
  const counts = { passed: 0, failed: 0 };
  let group;
  parser.on('child', (child) => {
    group = watch(child, [...path, child.name.replace(/^Subtest: /, '')], write);
  });
  parser.on('assert', (point) => {
    const inner = group;
    group = undefined;
    counts.passed += inner?.passed ?? 0;
    counts.failed += inner?.failed ?? 0;
    if (!point.skip && !point.todo) {
      if (!inner && point.ok) counts.passed += 1;
      if (!point.ok && !inner?.failed) {
        counts.failed += 1;
        if (inner) inner.failed += 1;
        write(failure([...path, point.name], point.diag ?? {}));
      }
    }
    closed(point, inner);
  });
  if (path.length > 0) parser.on('extra', (text) => write(`    | ${text.trimEnd()}`));
  parser.on('bailout', (reason) => write(`Bail out! ${reason}`));
  return counts;
}

function failure(path, diag) {
  const { diff, stack, source, at, ...rest } = diag;
  const where = at?.fileName ? [`at ${at.fileName}:${at.lineNumber}`] : [];
  const others = Object.keys(rest).length > 0 ? [JSON.stringify(rest, undefined, 2)] : [];
  const details = [...where, source, diff, ...others, stack].filter(Boolean).join('\n').trimEnd();
  return `  FAILED ${path.join(' > ')}\n${stripVTControlCharacters(details).replace(/^/gm, '      ')}`;
}
