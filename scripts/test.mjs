import { parseArgs } from 'node:util';
import { lint } from './lib/lint.mjs';
import { browserProgram, ensurePrograms, serverPrograms } from './lib/programs.mjs';
import { root, runMain } from './lib/run.mjs';
import { setup } from './lib/setup.mjs';
import { selectTests } from './lib/tests.mjs';

const usage = `npm test                       everything: checks, all tests, and a short look at the speed beside the peer's
npm test -- path/x.test.ts …   these test files or folders alone (source or compiled); builds only what they need`;

/** The servers that all test files share: those given, else private ones that go with this process. */
async function sharedServers() {
  const { startMysql, startNats, temporaryDirectory } = await import('../test/dist/index.js');
  const own = async (start, name) => {
    const server = await start(temporaryDirectory(name));
    return server.url;
  };
  const [natsUrl, mysqlUrl] = await Promise.all([
    process.env.NATS_URL || own(startNats, 'nats'),
    process.env.TEST_MYSQL_URL || own(startMysql, 'mysql'),
  ]);
  return { NATS_URL: natsUrl, TEST_MYSQL_URL: mysqlUrl };
}

/** They ask the system for what it can just do, and would find only what others leave of the machine. */
const alone = /^test\/faults\/.*\/slow-database\.test\.js$/;

/** Two files at a time, and afterwards those that run alone. */
async function runTests(files, env) {
  const beside = await runTap(
    files.filter((file) => !alone.test(file)),
    '-j2',
    env,
  );
  const single = await runTap(
    files.filter((file) => alone.test(file)),
    '-j1',
    env,
  );
  return {
    code: beside.code === 0 ? single.code : (beside.code ?? 1),
    passed: beside.passed + single.passed,
    failed: beside.failed + single.failed,
  };
}

async function runTap(files, jobs, env) {
  if (files.length === 0) return { code: 0, passed: 0, failed: 0 };
  const { startProcess } = await import('../test/dist/index.js');
  // Needs a package, and is loaded only now that those are installed.
  const { createReport } = await import('./lib/report.mjs');
  const report = createReport(files, (line) => process.stdout.write(`${line}\n`));
  const tap = await startProcess('node_modules/.bin/tap', [jobs, '--reporter=tap', ...files], {
    cwd: root,
    env: { ...process.env, ...env },
    output: {
      line: (line, stream) => (stream === 'stdout' ? report.line(line) : process.stderr.write(`${line}\n`)),
    },
  });
  const { code } = await tap.finished();
  return { code, ...report.end() };
}

/** Loose: it is 11 where it was last measured well, and a change that halves the speed must be noticed. By itself, nothing beside it. */
const leastRatio = 6;

async function speedHolds() {
  const { startProcess } = await import('../test/dist/index.js');
  const args = ['bench/dist/main.js', 'group200', '--rounds', '3', '--seconds', '1', '--floor', String(leastRatio)];
  const bench = await startProcess(process.execPath, args, {
    cwd: root,
    output: { line: (line) => process.stdout.write(`${line}\n`) },
  });
  return (await bench.finished()).code === 0;
}

await runMain(usage, async () => {
  // Whatever we started dies with us, see guard.ts of the test helpers.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  const { positionals: names } = parseArgs({ allowPositionals: true });
  const { files, projects } = selectTests(names);
  const all = names.length === 0;
  const page = files.some((file) => file.startsWith('packages/web/'));
  await setup({ tests: true, page, ...(all ? {} : { projects: ['test', ...projects] }) });
  await ensurePrograms([
    ...(process.env.NATS_URL ? [] : [serverPrograms.nats]),
    ...(process.env.TEST_MYSQL_URL ? [] : [serverPrograms.mysql]),
    ...(page ? [browserProgram] : []),
  ]);
  const lintFailures = all ? await lint() : 0;
  const { code, passed, failed } = await runTests(files, await sharedServers());
  const held = !all || (await speedHolds());
  if (lintFailures > 0) process.stdout.write(`${lintFailures} of the checks failed, see above\n`);
  if (!held) process.stdout.write('The speed beside the peer does not hold, see above\n');
  process.stdout.write(`${passed + (all && held ? 1 : 0)} passed, ${failed + (held ? 0 : 1)} failed\n`);
  process.exit(code === 0 && failed === 0 && held && lintFailures === 0 ? 0 : 1);
});
