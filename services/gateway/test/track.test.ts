import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { eventually } from '@teahouse/test';
import t, { type Test } from 'tap';
import { type Run, Track } from '../dist/hub/track.js';

/** As the hub's. */
const momentMs = 40;

const run = (first: number): Run => ({ first, frames: [Buffer.from('{}')], senders: ['c1'] });

/** A conversation whose missing messages can be fetched. */
class Followed extends Track {
  fetches = 0;
  readonly delivered: Run[] = [];

  protected async fetch(afterSeq: number): Promise<Run> {
    this.fetches += 1;
    return { ...run(afterSeq + 1), senders: [''] };
  }
  protected deliver(delivered: Run): void {
    this.delivered.push(delivered);
  }
  protected async passOver(): Promise<() => void> {
    return () => {};
  }
  protected failed(): void {}
  protected tick(): number {
    return 0;
  }
}

/** The two ends of a TCP connection. */
async function wire(t: Test): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  t.teardown(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return [near, far];
}

t.test('what came while the process was held up is read before anything counts as missing', async (t) => {
  const [near, far] = await wire(t);
  const track = new Followed(0);
  await new Promise<void>((sent) => far.write('an event', () => sent()));
  track.learn(1);
  near.on('data', () => track.accept(run(1)));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  await eventually(() => track.position === 1, 5000, 'the message is not delivered');
  t.same(
    track.delivered.map(({ senders }) => senders),
    [['c1']],
    'as it was published, with the connection that has its ack',
  );
  t.equal(track.fetches, 0);
});

t.test('what does not come is fetched', async (t) => {
  const track = new Followed(0);
  track.learn(1);
  await eventually(() => track.position === 1, 5000, 'the message is not fetched');
  t.equal(track.fetches, 1);
});

t.test('what came too early and is then fetched with what was missing is not told to who sent it', async (t) => {
  class Paged extends Followed {
    protected override async fetch(afterSeq: number): Promise<Run> {
      const [one, two] = [run(afterSeq + 1), run(afterSeq + 2)];
      return { first: one.first, frames: [...one.frames, ...two.frames], senders: ['', ''] };
    }
  }
  const track = new Paged(0);
  track.accept(run(2));
  await eventually(() => track.position === 2, 5000, 'the messages are not fetched');
  t.same(
    track.delivered.map(({ first, senders }) => [first, senders]),
    [[1, ['', 'c1']]],
  );
});

t.test('a hole that opened while another was waited for has a time of its own', async (t) => {
  const track = new Followed(0);
  track.learn(1);
  track.accept(run(1));
  track.accept(run(3));
  setTimeout(() => track.accept(run(2)), momentMs + 10);
  await eventually(() => track.position === 3, 5000, 'not all is delivered');
  t.equal(track.fetches, 0);
});

t.test('nothing is fetched for what was closed, at the last moment too', async (t) => {
  const track = new Followed(0);
  track.learn(1);
  setTimeout(() => track.close(), momentMs);
  const other = new Followed(0);
  other.learn(1);
  await eventually(() => other.position === 1, 5000, 'the message is not fetched');
  t.equal(track.fetches, 0);
});
