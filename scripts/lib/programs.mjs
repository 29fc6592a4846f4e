import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Refusal, step } from './run.mjs';

/** The servers: their programs, any of which will do, and the Debian package that brings one. */
export const serverPrograms = {
  nats: { names: ['nats-server'], debianPackage: 'nats-server' },
  mysql: { names: ['mariadbd', 'mysqld'], debianPackage: 'mariadb-server' },
};

const policyFile = '/usr/sbin/policy-rc.d';

function isInstalled({ names }) {
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return names.some((name) => places.some((place) => place && existsSync(join(place, name))));
}

/**
 * Installs what is missing where we may (root on Debian), or refuses with a sentence that says what to install.
 * @param {{ names: string[], debianPackage: string }[]} programs
 */
export async function ensurePrograms(programs) {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = missing.map((program) => program.debianPackage);
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    throw new Refusal(`This needs ${packages.join(' and ')}; on Debian: sudo apt-get install ${packages.join(' ')}`);
  }
  await withoutServices(async () => {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await step('Updating package lists', 'apt-get', ['update'], { env });
    await step(
      `Installing ${packages.join(', ')}`,
      'apt-get',
      ['install', '-y', '--no-install-recommends', ...packages],
      { env },
    );
  });
  // On a machine with systemd the packages also ask to be started at boot.
  if (existsSync('/run/systemd/system'))
    await step('Disabling their services', 'systemctl', ['disable', ...unitsOf(packages)]);
}

function unitsOf(packages) {
  return packages.map((name) => (name === 'mariadb-server' ? 'mariadb' : name));
}

/** Debian starts a server when it is installed; the documented way to keep it from doing so is a policy that forbids it. */
async function withoutServices(work) {
  const ours = !existsSync(policyFile);
  if (ours) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) rmSync(policyFile, { force: true });
  }
}
