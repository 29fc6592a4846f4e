import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { temporaryDirectory } from '@teahouse/test';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import t from 'tap';
import { protocolTypes } from './protocol-types.js';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '..');
const scratch = temporaryDirectory('client-package');
// Building and packing take their time on a busy machine.
t.setTimeout(300_000);
let files: string[];
let tarball: string;

/** What `npm pack` would publish, put where `npm install` would put it; no registry is asked. */
t.before(async () => {
  await run(process.execPath, [join(folder, 'node_modules', 'tsdown', 'dist', 'run.mjs')], { cwd: folder });
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], {
    cwd: folder,
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  files = packed.files.map(({ path }) => path);
  tarball = join(scratch, packed.filename);
  await run('tar', ['-xzf', tarball, '-C', scratch]);
  const modules = join(scratch, 'node_modules');
  mkdirSync(join(modules, '@teahouse'), { recursive: true });
  cpSync(join(scratch, 'package'), join(modules, '@teahouse', 'client'), { recursive: true });
  symlinkSync(join(folder, 'node_modules', 'ws'), join(modules, 'ws'));
});

t.test('the types of the protocol are those of the contracts', async (t) => {
  const text = readFileSync(join(folder, 'src', 'protocol.ts'), 'utf8');
  t.equal(text, protocolTypes(), 'after a change of the contracts: npm run client-types');
});

t.test('the package has its code, its types, a README, a licence, and nothing else', async (t) => {
  const others = files.filter((path) => !/^(dist\/[\w-]+\.(js|js\.map|d\.ts|cjs|d\.cts)|src\/[\w-]+\.ts)$/.test(path));
  t.strictSame(others.sort(), ['LICENSE', 'README.md', 'package.json']);
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  t.strictSame(Object.keys(dependencies), ['ws']);
});

t.test('publint and arethetypeswrong find nothing', async (t) => {
  const { messages, pkg } = await publint({ pkgDir: join(scratch, 'package'), pack: false, strict: true });
  t.strictSame(
    messages.map((message) => formatMessage(message, pkg)),
    [],
  );
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  t.strictSame('problems' in analysis && analysis.problems, []);
});

t.test('require and import find the same client, in Node', async (t) => {
  const say =
    'console.log(typeof ChatClient, typeof createUserConnect, new ChatClient({ url: "ws://h/", token: "t" }).state);';
  writeFileSync(
    join(scratch, 'a.cjs'),
    `const { ChatClient, createUserConnect } = require('@teahouse/client');\n${say}\n`,
  );
  writeFileSync(join(scratch, 'a.mjs'), `import { ChatClient, createUserConnect } from '@teahouse/client';\n${say}\n`);
  for (const name of ['a.cjs', 'a.mjs']) {
    const { stdout } = await run(process.execPath, [name], { cwd: scratch });
    t.equal(stdout.trim(), 'function function idle', name);
  }
});

t.test('its types need no others, imported or required', async (t) => {
  const use = `
const client: ChatClient = new ChatClient({ url: 'ws://h/', token: async () => 't' });
export const stored: Promise<number> = client.send({ groupId: 1 }, 'x').then(({ seq }) => seq);
client.on('groupMessage', ({ groupId, notice }) => console.log(groupId, notice?.event === 'recalled'));
export const code = (error: ChatError): boolean => error.code === 'MEMBER_MUTED' || error.code === 'OUTBOX_FULL';
export async function read(): Promise<string | undefined> {
  for await (const { content } of client.messages({ with: 2 }, { from: 1 })) return content;
  return (await client.createGroup({ groupName: 'x', joinPolicy: 'open' })).groupNumber.toFixed();
}\n`;
  writeFileSync(join(scratch, 'b.mts'), `import { ChatClient, type ChatError } from '@teahouse/client';${use}`);
  writeFileSync(join(scratch, 'b.cts'), `import { ChatClient, type ChatError } from '@teahouse/client';${use}`);
  const options = '--noEmit --strict --module nodenext --target es2022 --lib es2022,dom'.split(' ');
  const tsc = join(folder, 'node_modules', 'typescript', 'bin', 'tsc');
  const said = await run(process.execPath, [tsc, ...options, 'b.mts', 'b.cts'], { cwd: scratch }).catch(
    (error) => error,
  );
  t.equal(said.stdout, '');
});

t.test('in a browser nothing else is loaded', async (t) => {
  const imports = (path: string) =>
    [
      ...readFileSync(join(folder, 'dist', path), 'utf8').matchAll(/(?:from |require\(|import\()\s*['"]([^'"]+)['"]/g),
    ].map(([, name]) => name as string);
  const seen = new Set(['index.js']);
  const strangers = new Set<string>();
  for (const path of seen) {
    for (const name of imports(path)) {
      if (name.startsWith('./')) seen.add(name.slice(2));
      else if (name === '#websocket') seen.add('websocket-browser.js');
      else strangers.add(`${path}: ${name}`);
    }
  }
  t.strictSame([...strangers], []);
  t.ok(seen.size > 20, 'the whole client was looked through');
});
