import { join } from 'node:path';
import { ChatClient } from '@teahouse/client';
import {
  eventually,
  freePort,
  type RunningProcess,
  startProcess,
  TestClient,
  temporaryDirectory,
  within,
} from '@teahouse/test';
import t from 'tap';
import { administration } from './admin.js';
import { badInput } from './bad-input.js';
import { crowdTalks } from './crowd.js';
import { each, socketOf, wholeHistory } from './people.js';
import { readmeRuns } from './readme.js';
import { playersMeet } from './seed.js';

const main = join(import.meta.dirname, '..', '..', '..', 'packages', 'standalone', 'dist', 'main.js');
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const env = {
  ...process.env,
  PORT: String(port),
  DATA_DIR: temporaryDirectory('embedded'),
  LOG_LEVEL: 'warn',
  RATE_MESSAGES_PER_SECOND: '0',
  RATE_LOGINS_PER_MINUTE: '0',
};
let server: RunningProcess;

async function start(): Promise<void> {
  let open = false;
  server = await startProcess(process.execPath, [main], {
    env,
    output: {
      line: (line, stream) => {
        if (line.includes(`${url}/`)) open = true;
        if (stream === 'stderr') t.comment(line);
      },
    },
  });
  await eventually(() => open, 20_000, 'The embedded default does not start');
}

const player = (name: string) => TestClient.login(socketOf(url), { username: name, password: '123456' });

t.before(start);
t.teardown(() => server.stop());

t.test('the players of the seed scripts meet', (t) => playersMeet(t, url));

t.test('the lines of the README of the client run', (t) => readmeRuns(t, url));

t.test('a crowd talks', (t) => crowdTalks(t, url));

t.test('bad input', (t) => badInput(t, url));

t.test('administration', (t) => administration(t, url, url));

t.test('what was acknowledged survives kill -9, and who was connected comes back and goes on', async (t) => {
  const watcher = new ChatClient({ url, username: 'player2', password: '123456' });
  t.teardown(() => watcher.close());
  const seen: string[] = [];
  watcher.on('groupMessage', ({ content }) => seen.push(content));
  await watcher.connect();

  const { client } = await player('player1');
  const acked: { seq: unknown; id: unknown; content: string }[] = [];
  const numbers = Array.from({ length: 2_000 }, (_, index) => index);
  const talking = each(numbers, 64, async (number) => {
    const content = `before the end ${number}`;
    const { seq, id } = await client.request({ type: 'groupMessage', content });
    acked.push({ seq, id, content });
    if (acked.length === 500) server.kill('SIGKILL');
  });
  await t.rejects(talking, 'it was killed while it was working');
  await server.finished();
  const waiting = watcher.sendToGroup('sent while nobody was there');
  await start();
  await within(waiting, 20_000, 'The message that waited was not sent');

  const { client: reader } = await player('player3');
  const history = await wholeHistory(reader, 1);
  const bySeq = new Map(history.map((message) => [message.seq, message]));
  t.ok(acked.length >= 500);
  const lost = acked.filter(({ seq, id, content }) => bySeq.get(seq)?.id !== id || bySeq.get(seq)?.content !== content);
  t.strictSame(lost, [], 'each acknowledged message is there, at its place');
  t.strictSame(
    history.map(({ seq }) => seq),
    history.map((_, index) => index + 1),
    'without a hole',
  );

  const told = history.filter(({ content }) => /^(before|sent)/.test(String(content))).map(({ content }) => content);
  await eventually(() => seen.length >= told.length, 10_000, 'The watcher did not catch up');
  t.strictSame(seen, told, 'the watcher has seen everything once and in order');
  await reader.close();
});

t.test('a graceful end says goodbye, and a start on what is there brings it all back', async (t) => {
  const { client } = await player('player4');
  const before = await wholeHistory(client, 1);
  server.kill('SIGINT');
  t.strictSame(await server.finished(), { code: 0, signal: null });
  t.match(await client.closed, { code: 1012 });
  t.match(client.frames.at(-1), { type: 'goodbye' });
  await start();
  const again = await player('player4');
  t.strictSame(await wholeHistory(again.client, 1), before, 'history is what it was');
  await again.client.close();
});
