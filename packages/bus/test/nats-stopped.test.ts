import { join } from 'node:path';
import { connectNats } from '@teahouse/bus';
import { eventually, startProcess, testNats } from '@teahouse/test';
import t from 'tap';
import { bytes, textOf } from './inbox.js';

/** What the protocol promises: one of several instances stopped, full service again within 10 s. */
const madeUpForMs = 10_000;
const inARow = 60;

const nats = await testNats();
t.teardown(() => nats.stop());
const subject = 'tea.call.who';

/** An instance in a process of its own, which may be stopped; it answers with its number. */
async function instance(number: number) {
  const script = `
    import { connectNats } from '@teahouse/bus';
    const bus = await connectNats({ servers: ${JSON.stringify(nats.url)}, name: 'instance' });
    bus.serve('${subject}', 'g', async (_, { subject }) => Buffer.from(subject === '${subject}' ? '${number}' : subject));
    process.once('SIGTERM', () => void bus.close().then(() => process.exit(0)));`;
  const started = await startProcess(process.execPath, ['--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '..'),
    output: { line: (line) => t.comment(line) },
  });
  t.teardown(() => started.stop('SIGKILL'));
  return started;
}

t.test(
  'an instance that stands still or goes costs its requests for seconds, not for as long as that lasts',
  async (t) => {
    const bus = await connectNats({ servers: nats.url, name: 'asking' });
    t.teardown(() => bus.close());
    const ask = () =>
      bus.request(subject, bytes(''), { timeoutMs: 1_000 }).then(textOf, ({ code }: { code: string }) => code);
    const [one, two] = [await instance(1), await instance(2)];
    /** Asks without a pause until so many in a row were answered as wanted. */
    const untilAll = async (wanted: (answers: readonly string[]) => boolean) => {
      const answers: string[] = [];
      const started = performance.now();
      await eventually(
        async () => {
          answers.push(await ask());
          return answers.length >= inARow && wanted(answers.slice(-inARow));
        },
        60_000,
        'full service never came back',
      );
      return performance.now() - started;
    };
    const both = (answers: readonly string[]) => ['1', '2'].every((number) => answers.includes(number));
    const onlyOf = (number: string) => (answers: readonly string[]) => answers.every((answer) => answer === number);

    await untilAll((answers) => both(answers) && !answers.includes('UNAVAILABLE'));
    two.kill('SIGSTOP');
    t.ok((await untilAll(onlyOf('1'))) < madeUpForMs, 'the other one has taken over');
    t.same(new Set(await Promise.all(Array.from({ length: 200 }, ask))), new Set(['1']), 'and all of it');
    two.kill('SIGCONT');
    await untilAll((answers) => both(answers) && !answers.includes('UNAVAILABLE'));

    two.kill('SIGSTOP');
    await untilAll(onlyOf('1'));
    // With requests going straight to the first, that one ends, then comes anew.
    await one.stop('SIGTERM', 5_000);
    two.kill('SIGCONT');
    t.ok((await untilAll(onlyOf('2'))) < madeUpForMs, 'what was stopped goes on alone');
    await instance(1);
    await untilAll((answers) => both(answers) && !answers.includes('UNAVAILABLE'));
  },
);
