import { eventually, TestClient } from '@teahouse/test';
import type { Test } from 'tap';
import { newcomer, socketOf, wholeHistory } from './people.js';

const closing: readonly [what: string, data: string | Uint8Array, code: number][] = [
  ['malformed JSON', '{"type":', 4400],
  ['an array', '[{"type":"heartbeat"}]', 4400],
  ['a number', '7', 4400],
  ['nothing at all', '', 4400],
  ['a binary frame', Buffer.from('{"type":"heartbeat"}'), 1003],
  ['a frame over 64 KiB', JSON.stringify({ type: 'heartbeat', x: 'x'.repeat(64 * 1024) }), 1009],
];

/** What no client of ours sends, over a real socket: each gets the answer that the protocol names, and nothing is stored. */
export async function badInput(t: Test, url: string): Promise<void> {
  const person = await newcomer(url, 'mallory');
  const { client, token } = person;
  t.teardown(() => client.terminate());
  const { groupId } = await client.request({ type: 'createGroup', groupName: '试验' });
  const other = await client.request({ type: 'createGroup', groupName: '另一个' });

  for (const [what, data, code] of closing) {
    const { client: victim } = await TestClient.login(socketOf(url), { token });
    victim.sendRaw(data);
    t.equal((await victim.closed).code, code, `${what} closes with ${code}`);
  }

  for (const frame of [{ type: 'groupMessage', groupId, content: 'too early' }, { type: 'heartbeat' }]) {
    const stranger = await TestClient.connect(socketOf(url));
    stranger.send(frame);
    t.match(await stranger.waitFor(({ type }) => type === 'error'), { code: 'UNAUTHENTICATED' });
    t.equal((await stranger.closed).code, 4401, `${frame.type} before init closes with 4401`);
  }

  const nested = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const refused: readonly [what: string, frame: string][] = [
    ['a lone surrogate', `{"type":"groupMessage","groupId":${groupId},"content":"a\\ud800"}`],
    ['U+0000', `{"type":"groupMessage","groupId":${groupId},"content":"a\\u0000"}`],
    ['blank content', `{"type":"groupMessage","groupId":${groupId},"content":" \\n "}`],
    ['content of 4,097 code points', JSON.stringify({ type: 'groupMessage', groupId, content: '茶'.repeat(4_097) })],
    ['deep nesting', `{"type":"groupMessage","groupId":${groupId},"content":${nested}}`],
    ['a group id as text', `{"type":"groupMessage","groupId":"${groupId}","content":"a"}`],
    ['a fraction of a group', '{"type":"groupMessage","groupId":1.5,"content":"a"}'],
    ['an unknown type', '{"type":"constructor"}'],
    ['no type', '{"content":"a"}'],
    ['fields of a prototype', `{"type":"groupMessage","__proto__":{"groupId":${groupId},"content":"a"}}`],
    ['a space in a clientId', `{"type":"groupMessage","groupId":${groupId},"content":"a","clientId":"a b"}`],
    ['both cursors', `{"type":"history","groupId":${groupId},"beforeSeq":3,"afterSeq":1}`],
    ['neither group nor person', '{"type":"history"}'],
    ['a ref that is no text', `{"type":"groupMessage","groupId":${groupId},"content":"a","ref":7}`],
    ['a second init', `{"type":"init","token":"${token}"}`],
  ];
  for (const [what, frame] of refused) {
    const before = client.frames.length;
    client.sendRaw(frame);
    const answer = await eventually(
      () => client.frames.slice(before).find(({ type }) => type === 'error'),
      5_000,
      what,
    );
    t.match(answer, { code: 'BAD_REQUEST', retryable: false }, `${what} is a BAD_REQUEST`);
  }

  const message = { type: 'groupMessage', groupId, content: '只此一条', clientId: 'once' };
  const first = await client.request(message);
  const again = await client.request(message);
  t.match(again, { id: first.id, seq: first.seq, createTime: first.createTime, duplicate: true });
  await t.rejects(client.request({ ...message, content: 'another' }), { code: 'CONFLICT' });
  await t.rejects(client.request({ ...message, groupId: other.groupId }), { code: 'CONFLICT' });

  const kept = (await wholeHistory(client, Number(groupId))).filter(({ kind }) => kind === 'normal');
  t.match(kept, [{ id: first.id, content: '只此一条' }], 'nothing else is stored');
  t.equal(kept.length, 1);
  const elsewhere = await wholeHistory(client, Number(other.groupId));
  t.ok(elsewhere.every(({ kind }) => kind === 'notice'));
}
