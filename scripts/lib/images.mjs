import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { inEngine } from './engine.mjs';
import { Refusal, root } from './run.mjs';

/** The names of all packages that the lockfile gives a service in production. */
function productionPackages(service) {
  // Installed only once the check has begun.
  const { parse } = createRequire(join(root, 'test', 'package.json'))('yaml');
  const { importers, snapshots } = parse(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8'));
  const names = new Set();
  const seen = new Set();
  const take = (name, version, from) => {
    if (version.startsWith('link:')) return importer(join(from, version.slice('link:'.length)));
    const key = snapshots[version] === undefined ? `${name}@${version}` : version;
    if (seen.has(key)) return;
    seen.add(key);
    names.add(key.slice(0, key.indexOf('@', 1)));
    const { dependencies = {}, optionalDependencies = {} } = snapshots[key] ?? {};
    for (const [next, of] of Object.entries({ ...dependencies, ...optionalDependencies })) take(next, of, '');
  };
  const importer = (folder) => {
    if (seen.has(folder)) return;
    seen.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = importers[folder];
    for (const [name, { version }] of Object.entries({ ...dependencies, ...optionalDependencies }))
      take(name, version, folder);
  };
  importer(`services/${service}`);
  return names;
}

/**
 * Looks into a service's image: what it holds and what it must not hold.
 * @param {string} service
 * @param {string[]} secrets texts that must be nowhere in it
 * @returns {Promise<{ megabytes: number, own: number }>} its size, and how much of that it adds to its base
 */
export async function inspectImage(service, secrets) {
  const image = `teahouse/${service}`;
  const inside = (script) => inEngine('run', '--rm', '--network', 'none', '--read-only', image, 'sh', '-c', script);
  const complaints = [];
  const files = (await inside('cd /app && find . -type f')).split('\n');
  const packages = new Set(files.map((file) => /node_modules\/\.pnpm\/(@?[^@/]+)@/.exec(file)?.[1]).filter(Boolean));
  const needed = productionPackages(service);
  for (const name of packages)
    if (!needed.has(name.replace('+', '/'))) complaints.push(`the package ${name}, which it does not need`);
  for (const name of packages) if (name.startsWith('@types+')) complaints.push(`types: ${name}`);
  for (const file of files) {
    const [, other] = /^\.\/services\/([^/]+)\//.exec(file) ?? [];
    if (other && other !== service) complaints.push(`a file of ${other}: ${file}`);
    if (/\.map$/.test(file) && !/^\.\/(packages|services)\/[^/]+\/dist\//.test(file)) complaints.push(`a map: ${file}`);
    const own = !file.includes('/node_modules/');
    if (/\.(pem|key)$|\/\.env/.test(file) || (own && /\.ts$|\.test\.js$/.test(file)))
      complaints.push(`a file that has no use here: ${file}`);
    if (/packages\/(web|standalone|client)\//.test(file) && !(service === 'gateway' && file.includes('/web/dist/')))
      complaints.push(`a file of another program: ${file}`);
  }
  const described = JSON.parse(await inEngine('inspect', '--type', 'image', image))[0];
  const text = JSON.stringify(described) + (await inside('env'));
  const found = await inside(`grep -rlFe '${secrets.join("' -e '")}' /app || true`);
  if (found) complaints.push(`a secret in ${found}`);
  if (secrets.some((secret) => text.includes(secret)) || /PASSWORD=./.test(text))
    complaints.push('a secret in its settings');
  if ((await inside('id -u')) === '0') complaints.push('it runs as root');
  if ((await inside('touch /app/x 2>/dev/null && echo written || true')) !== '') complaints.push('it may write');
  if (complaints.length > 0) throw new Refusal(`${image} holds ${complaints.slice(0, 10).join('; ')}`);
  const kilobytes = Number((await inside('du -sk /app')).split(/\s/)[0]);
  return { megabytes: Math.round(described.Size / 1e6), own: Math.round(kilobytes / 1000) };
}
