import { firstWrong } from '@teahouse/bus';
import t from 'tap';
import Type from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

const shape = Type.Object({
  userIds: Type.Array(Type.Integer({ minimum: 1 }), { maxItems: 200 }),
  name: Type.Optional(Type.String()),
});
const validator = Compile(shape) as unknown as Validator;

t.test('a list that is too long is named without a look at its items', async (t) => {
  const told = 'The field "userIds" must not have more than 200 items.';
  t.equal(firstWrong(validator, { userIds: Array.from({ length: 201 }, () => 1) }), told);
  let read = 0;
  const item = {
    get id() {
      read += 1;
      return 1;
    },
  };
  const items = Array.from({ length: 30_000 }, () => item);
  const objects = Type.Object({ userIds: Type.Array(Type.Object({ id: Type.Integer() }), { maxItems: 200 }) });
  t.equal(firstWrong(Compile(objects) as unknown as Validator, { userIds: items }), told);
  t.ok(read <= 30_000, `${read} reads: only to see that it does not fit`);
});

t.test('what else is wrong is named with its field', async (t) => {
  t.equal(firstWrong(validator, { userIds: [1] }), undefined);
  t.match(firstWrong(validator, { userIds: [1, 0] }), /"userIds\.1" must be >= 1/);
  t.match(firstWrong(validator, { userIds: 1 }), /"userIds" must be an array/);
  t.match(firstWrong(validator, {}), /"userIds" is missing/);
  t.match(firstWrong(validator, null), /must be an object/);
  t.match(firstWrong(validator, { userIds: [], name: 1 }), /"name" must be a string/);
});
