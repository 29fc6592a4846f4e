import { createRequire } from 'node:module';
import { TeahouseError } from '@teahouse/contracts';
import t from 'tap';

/** The stored hashes that the library was asked to check. It is watched before the service's code takes its functions. */
const checked: string[] = [];
const argon2: typeof import('@node-rs/argon2') = createRequire(import.meta.url)('@node-rs/argon2');
const { verify } = argon2;
Object.assign(argon2, {
  verify: (stored: string, password: string) => {
    checked.push(stored);
    return verify(stored, password);
  },
});
const { Passwords } = await import('../dist/passwords.js');

const soon = () => ({ deadline: Date.now() + 60_000 });

t.test('passwords', async (t) => {
  const passwords = await Passwords.create();
  const stored = await passwords.hash('right', soon());
  t.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  t.not(await passwords.hash('right', soon()), stored, 'salted');
  t.equal(await passwords.verify(stored, 'right', soon()), true);
  t.equal(await passwords.verify(stored, 'wrong', soon()), false);
  t.equal(await passwords.verify(undefined, 'right', soon()), false);
});

t.test('the same work is done for a user that does not exist', async (t) => {
  const passwords = await Passwords.create();
  checked.length = 0;
  t.equal(await passwords.verify(undefined, 'wrong', soon()), false);
  t.equal(checked.length, 1);
  t.match(checked[0], /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/, 'a hash as dear as that of a user');
});

t.test('waiting for a hash is bounded, by number and by deadline', async (t) => {
  const passwords = await Passwords.create();
  let begun = 0;
  const before = async () => {
    begun++;
    if (begun > 2) throw new TeahouseError('RATE_LIMITED');
  };
  const all = Promise.allSettled(Array.from({ length: 203 }, () => passwords.hash('x', { ...soon(), before })));
  const idle = await Passwords.create();
  await t.rejects(idle.hash('x', { deadline: Date.now() - 1, before: () => t.fail('begun') as never }), {
    code: 'UNAVAILABLE',
  });
  const codes = (await all).map((result) => (result.status === 'rejected' ? result.reason.code : 'hashed'));
  t.same(codes.slice(0, 2), ['hashed', 'hashed'], 'two at work');
  t.same(codes.slice(2, 202), Array(200).fill('RATE_LIMITED'), '200 waiting, judged when their turn comes');
  t.equal(codes[202], 'UNAVAILABLE', 'one too many');
});
