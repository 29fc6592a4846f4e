import { randomUUID } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { type AuditRecord, authCalls, errorCatalogue, groupCalls, restCalls, TeahouseError } from '@teahouse/contracts';
import t from 'tap';
import { testGateway, userOf } from './fakes.js';

const admin = userOf('admin');
const by = { userId: 1, address: '127.0.0.1' };

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function ask(url: string, method: string, token?: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

const codeOf = ({ body }: Answer): unknown => (body.error as { code?: unknown } | undefined)?.code;

/** Every call of administration with what is in shape. */
const calls = [
  ['GET', '/admin/accounts', undefined],
  ['PATCH', '/admin/accounts/2', restCalls.setDisabled.example],
  ['PUT', '/admin/accounts/2/password', restCalls.resetPassword.example],
  ['POST', '/admin/notices', restCalls.officialNotice.example],
  ['GET', '/admin/audit', undefined],
] as const;

t.test('every call carries what it says, who asks and from where, and nothing else', async (t) => {
  const { url, services } = await testGateway(t);
  const token = services.token(admin);
  const query = 'prefix=Play&after=7&limit=3&by=2&userId=9';
  t.same(await ask(`${url}/admin/accounts?${query}`, 'GET', token), {
    status: 200,
    body: restCalls.listAccounts.replyExample,
  });
  await ask(`${url}/admin/accounts?prefix=123`, 'GET', token);
  t.same(services.of(authCalls.listAccounts), [
    { by, prefix: 'Play', after: 7, limit: 3 },
    { by, prefix: '123', limit: 50 },
  ]);

  const disabled = await ask(`${url}/admin/accounts/2?disabled=no`, 'PATCH', token, {
    disabled: true,
    userId: 9,
    by: 9,
  });
  t.same(disabled, { status: 200, body: restCalls.setDisabled.replyExample });
  t.same(services.of(authCalls.setDisabled), [{ by, userId: 2, disabled: true }]);

  const reset = await ask(`${url}/admin/accounts/2/password`, 'PUT', token, { newPassword: 'secret-tea', x: 1 });
  t.same(reset, { status: 204, body: {} });
  t.same(services.of(authCalls.resetPassword), [{ by, userId: 2, newPassword: 'secret-tea' }]);

  const told = await ask(`${url}/admin/notices`, 'POST', token, { content: '你好' });
  t.same(told, { status: 201, body: { groupId: 1, ...groupCalls.officialNotice.replyExample } });
  await ask(`${url}/admin/notices`, 'POST', token, { content: '你好', groupId: 7 });
  t.same(services.of(groupCalls.officialNotice), [
    { by, groupId: 1, content: '你好' },
    { by, groupId: 7, content: '你好' },
  ]);
});

t.test('only an admin gets in: by a good token, and by the profile where there is one', async (t) => {
  const { url, services } = await testGateway(t);
  const sid = randomUUID();
  const ended = services.token(admin, { sid });
  await services.revoke(admin.id, sid);
  const strangers: [what: string, token: string | undefined, status: number][] = [
    ['nobody', undefined, 401],
    ['an ended login', ended, 401],
    ['an expired token', services.token(admin, { expiresIn: -60 }), 401],
    ['a user', services.token(userOf('player2')), 403],
  ];
  const refuse = async (what: string, token: string | undefined, status: number) => {
    for (const [method, path, body] of calls) {
      const answer = await ask(url + path, method, token, body);
      t.equal(answer.status, status, `${what}: ${method} ${path}`);
      t.equal(codeOf(answer), status === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN');
      // Whoever may not is told nothing of what would be in shape.
      if (body) t.equal((await ask(url + path, method, token, { nonsense: 1 })).status, status);
    }
  };
  for (const stranger of strangers) await refuse(...stranger);
  const token = services.token(admin);
  for (const [method, path, body] of calls) t.ok((await ask(url + path, method, token, body)).status < 300, path);
  const asked = services.asked.length;
  await services.publishProfile({ ...admin, role: 'user' });
  await refuse('one who is an admin no more', token, 403);
  t.equal(services.asked.length, asked, 'no service is asked');
});

t.test('what is out of shape is a bad request, and no service is asked', async (t) => {
  const { url, services } = await testGateway(t);
  const token = services.token(admin);
  const wrong: [method: string, path: string, body?: unknown][] = [
    ...['x', '0', '-1', '1.5', '1e3', '0x2', '02', '%20', '9007199254740993', '9'.repeat(99), '%00'].flatMap(
      (id): [string, string, unknown][] => [
        ['PATCH', `/admin/accounts/${id}`, { disabled: true }],
        ['PUT', `/admin/accounts/${id}/password`, { newPassword: 'secret-tea' }],
      ],
    ),
    ...[{}, { disabled: 'true' }, { disabled: 1 }, { disabled: null }, [], 'text', null].map(
      (body): [string, string, unknown] => ['PATCH', '/admin/accounts/2', body],
    ),
    ...[{}, { newPassword: '12345' }, { newPassword: 'x'.repeat(129) }, { newPassword: 'nul\u0000nul' }].map(
      (body): [string, string, unknown] => ['PUT', '/admin/accounts/2/password', body],
    ),
    ...[{}, { content: ' ' }, { content: '\ud800' }, { content: 'a', groupId: '1' }, { content: 'a', groupId: 0 }].map(
      (body): [string, string, unknown] => ['POST', '/admin/notices', body],
    ),
    ['PATCH', '/admin/accounts/2'],
    ['POST', '/admin/notices'],
    ...[
      'limit=0',
      'limit=201',
      'limit=x',
      'limit=',
      'limit=1&limit=2',
      'after=0',
      'after=-1',
      'prefix=',
      'prefix=a%20b',
    ].map((query): [string, string] => ['GET', `/admin/accounts?${query}`]),
    ...['limit=0', 'limit=999', 'beforeAuth=x', 'beforeGroup=0', 'domain=private', 'domain='].map(
      (query): [string, string] => ['GET', `/admin/audit?${query}`],
    ),
  ];
  for (const [method, path, body] of wrong) {
    const answer = await ask(url + path, method, token, body);
    t.equal(answer.status, 400, `${method} ${path} ${JSON.stringify(body)}`);
    t.equal(codeOf(answer), 'BAD_REQUEST');
  }
  t.same(services.asked, []);
  for (const path of ['/admin', '/admin/accounts/', '/admin/accounts/2', '/admin/accounts/2/3', '/admin/audit/1']) {
    t.equal((await ask(url + path, 'GET', token)).status, 404, path);
  }
});

t.test('every error of the services comes with its code and status', async (t) => {
  const { url, services } = await testGateway(t);
  const token = services.token(admin);
  const made = [
    [restCalls.listAccounts, authCalls.listAccounts, calls[0]],
    [restCalls.setDisabled, authCalls.setDisabled, calls[1]],
    [restCalls.resetPassword, authCalls.resetPassword, calls[2]],
    [restCalls.officialNotice, groupCalls.officialNotice, calls[3]],
  ] as const;
  for (const [{ errors }, call, [method, path, body]] of made) {
    for (const code of [...errors, 'INTERNAL'] as const) {
      services.answer(call, () => {
        throw new TeahouseError(code, 'Said by a service.');
      });
      const answer = await ask(url + path, method, token, body);
      t.equal(answer.status, errorCatalogue[code].status, `${path} ${code}`);
      t.equal(codeOf(answer), code);
    }
  }
});

t.test('the trail of all domains is one, by time, and goes on where it ended', async (t) => {
  const { url, services } = await testGateway(t);
  const token = services.token(admin);
  const times = { auth: [60, 50, 20, 10], group: [55, 50, 30, 5, 4] };
  const recordsOf = (list: readonly number[]): AuditRecord[] =>
    list.map((time, index) => ({ id: list.length - index, time, by: 1, act: 'setRights' }));
  for (const [domain, call] of [
    ['auth', authCalls.audit],
    ['group', groupCalls.audit],
  ] as const) {
    services.answer(call, ({ before = 99, limit }) => {
      const rest = recordsOf(times[domain]).filter(({ id }) => id < Number(before));
      return { entries: rest.slice(0, Number(limit)), more: rest.length > Number(limit) };
    });
  }
  type Page = { entries: { domain: string; time: string }[]; more: boolean; next: object; unavailable?: string[] };
  const page = async (query: Record<string, unknown>) => {
    const { status, body } = await ask(`${url}/admin/audit?${new URLSearchParams(query as never)}`, 'GET', token);
    t.equal(status, 200);
    return body as unknown as Page;
  };
  const told: string[] = [];
  for (let next: object = {}, more = true; more; ) {
    const got = await page({ limit: 2, ...next });
    t.notOk(got.unavailable);
    told.push(...got.entries.map(({ domain, time }) => `${domain} ${Date.parse(time)}`));
    ({ next, more } = got);
  }
  t.same(told, ['auth 60', 'group 55', 'auth 50', 'group 50', 'group 30', 'auth 20', 'auth 10', 'group 5', 'group 4']);
  t.same((await page({ domain: 'group' })).entries.length, 5);

  services.stop('group');
  const half = await page({ limit: 3, beforeGroup: 4 });
  t.same(half.unavailable, ['group']);
  t.same(
    half.entries.map(({ domain }) => domain),
    ['auth', 'auth', 'auth'],
  );
  t.same(half.next, { beforeAuth: 2, beforeGroup: 4 }, 'what is down goes on from where it was');
  t.equal((await ask(`${url}/admin/audit?domain=group`, 'GET', token)).status, 503);
  services.start('group');
  services.stop('auth');
  t.same((await page({})).unavailable, ['auth']);
  services.stop('group');
  t.equal(codeOf(await ask(`${url}/admin/audit`, 'GET', token)), 'UNAVAILABLE');
});

t.test('the OpenAPI document is valid and names everything that a call takes and gives', async (t) => {
  const { url } = await testGateway(t);
  const document = (await ask(`${url}/openapi.json`, 'GET')).body;
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  t.ok(valid, JSON.stringify(errors));
  interface Operation {
    readonly parameters?: { readonly name: string; readonly in: string; readonly required?: boolean }[];
    readonly requestBody?: object;
    readonly security?: object[];
    readonly responses: Record<string, object>;
  }
  const paths = document.paths as Record<string, Record<string, Operation>>;
  for (const [name, rest] of Object.entries(restCalls)) {
    const operation = paths[rest.path]?.[rest.method.toLowerCase()];
    const names = (part: string) =>
      operation?.parameters?.filter((one) => one.in === part).map((one) => one.name) ?? [];
    const fields = (key: string) =>
      key in rest
        ? Object.keys((rest as unknown as Record<string, { properties: object }>)[key]?.properties ?? {})
        : [];
    t.same(names('path'), fields('params'), `${name}: path`);
    t.same(names('query'), fields('query'), `${name}: query`);
    t.equal(operation?.requestBody !== undefined, 'body' in rest, `${name}: body`);
    t.equal(operation?.security !== undefined, rest.bearer, `${name}: bearer`);
    const statuses = [rest.status, ...rest.errors.map((code) => errorCatalogue[code].status), 500];
    t.same(
      Object.keys(operation?.responses ?? {}).sort(),
      [...new Set(statuses.map(String))].sort(),
      `${name}: answers`,
    );
  }
});
