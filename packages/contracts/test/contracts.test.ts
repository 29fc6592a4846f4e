import {
  authCalls,
  type Call,
  Content,
  clientFrames,
  decodeEvent,
  encodeEvent,
  errorCodes,
  GroupState,
  groupCalls,
  groupMessageFrame,
  membershipChange,
  privateCalls,
  privateMessageFrame,
  restCalls,
  sentFrame,
  serverFrames,
  subjects,
  Username,
  wholeFrame,
} from '@teahouse/contracts';
import t from 'tap';
import { Compile } from 'typebox/compile';

const calls: Call[] = [
  ...Object.values(authCalls),
  ...Object.values(groupCalls),
  ...Object.values(privateCalls),
] as unknown as Call[];

t.test('every example fits its schema', async (t) => {
  for (const frame of Object.values(clientFrames)) {
    t.same(Compile(frame.fields).Errors(frame.example), [], `${frame.type}: example`);
    t.same(Compile(frame.reply).Errors(frame.replyExample), [], `${frame.type}: answer`);
    t.ok(
      Compile(wholeFrame(frame as never)).Check({ type: frame.type, ref: 'r', ...frame.example }),
      `${frame.type}: whole`,
    );
    t.ok(frame.description.endsWith('.'), `${frame.type}: described`);
  }
  for (const frame of Object.values(serverFrames))
    t.same(Compile(frame.schema).Errors(frame.example), [], `pushed ${frame.type}`);
  for (const call of calls) {
    t.same(Compile(call.request).Errors(call.example), [], `${call.subject}: request`);
    t.same(Compile(call.reply).Errors(call.replyExample), [], `${call.subject}: reply`);
    t.ok(
      call.errors.every((code) => errorCodes.includes(code)),
      `${call.subject}: errors are in the catalogue`,
    );
  }
  for (const [name, rest] of Object.entries(restCalls)) {
    if ('body' in rest) t.same(Compile(rest.body).Errors(rest.example), [], `${name}: body`);
    if ('reply' in rest) t.same(Compile(rest.reply).Errors(rest.replyExample), [], `${name}: reply`);
  }
});

t.test('subjects are unique and safe', async (t) => {
  t.equal(new Set(calls.map((call) => call.subject)).size, calls.length);
  t.equal(subjects.groupEvent(7), 'group.event.7');
  t.equal(subjects.user(3, 'private'), 'user.3.private');
  for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 60]) t.throws(() => subjects.groupEvent(bad), RangeError);
  for (const bad of ['*', '>', 'a.b', '', ' ']) t.throws(() => subjects.user(1, bad as never), RangeError);
});

t.test('content: 1 to 4096 code points, not blank, no U+0000, no lone surrogate', async (t) => {
  const content = Compile(Content);
  for (const good of ['a', ' a ', '你好', '😀'.repeat(4096), '👨‍👩‍👧', 'مرحبا', 'e\u0301', 'a\nb'])
    t.ok(content.Check(good), JSON.stringify(good).slice(0, 20));
  for (const bad of ['', ' ', '\n\t\u3000', 'a\u0000', '\u0000', 'a\ud800', '\udc00b', '😀'.repeat(4097), 7, null])
    t.notOk(content.Check(bad), JSON.stringify(bad).slice(0, 20));
});

t.test('usernames: letters, digits, _ - . of any script', async (t) => {
  const username = Compile(Username);
  for (const good of ['player1', '茶客', 'élan', 'a.b-c_d', 'नमस्ते']) t.ok(username.Check(good), good);
  for (const bad of ['', 'a b', 'a/b', 'a@b', 'x'.repeat(33), '😀', 'a\u0000'])
    t.notOk(username.Check(bad), JSON.stringify(bad));
});

t.test('enumerations refuse other words and numbers', async (t) => {
  t.ok(Compile(GroupState).Check('adminsOnly'));
  t.notOk(Compile(GroupState).Check('gone'));
  t.notOk(Compile(GroupState).Check(0));
});

t.test('an event comes back as it was sent', async (t) => {
  const header = { kind: 'run' as const, groupId: 1, first: 5, senders: ['g1-1', ''] };
  const frames = [JSON.stringify({ content: '茶\n😀' }), JSON.stringify({ content: 'b' })];
  const back = decodeEvent(encodeEvent(header, frames));
  t.same(back.header, header);
  t.same(
    back.frames.map((frame) => Buffer.from(frame).toString()),
    frames,
  );
  t.same(decodeEvent(encodeEvent({ kind: 'exit', groupId: 1, seq: 2 }, [])).frames, []);
});

t.test('ready frames are the JSON that clients are promised, whatever is in them', async (t) => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  const createTime = '2026-11-22T08:00:00.000Z';
  const odd = '"\\\n\u2028茶👋';
  const message = { id, seq: 5, from: 2, content: odd, kind: 'normal' as const };
  const said = { ...message, createTime };
  const group = JSON.parse(groupMessageFrame(7, { ...message, clientId: 'a"\\1' }, createTime));
  t.strictSame(group, { type: 'groupMessage', groupId: 7, ...said, clientId: 'a"\\1' });
  const notice = { event: 'recalled', by: 2, seq: 4 } as const;
  const told = JSON.parse(privateMessageFrame(3, { ...message, kind: 'notice', notice }, createTime));
  t.strictSame(told, { type: 'privateMessage', to: 3, ...said, kind: 'notice', notice });
  const stored = { id, seq: 5, createTime };
  t.strictSame(JSON.parse(sentFrame(odd, stored)), { type: 'ack', ref: odd, ...stored });
  const again = { ...stored, duplicate: true as const };
  t.strictSame(JSON.parse(sentFrame(undefined, again)), { type: 'ack', ...again });
  for (const frame of [group, told]) t.ok(Compile(serverFrames[frame.type as 'groupMessage'].schema).Check(frame));
});

t.test('notices say who came and who went', async (t) => {
  t.same(membershipChange(4, { event: 'joined', userId: 3, by: 2 }), { seq: 4, join: 3 });
  t.same(membershipChange(5, { event: 'banned', userId: 3, by: 2 }), { seq: 5, leave: 3 });
  t.same(membershipChange(6, { event: 'state', by: 2, state: 'muted' }), undefined);
});
