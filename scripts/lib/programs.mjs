import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { Refusal, step } from './run.mjs';

/**
 * The servers: their programs, any of which will do, the Debian package that brings one, and its unit of systemd. `MYSQLD`
 * is the full path of the one database server that will do.
 */
export const serverPrograms = {
  nats: { names: ['nats-server'], debianPackage: 'nats-server', unit: 'nats-server' },
  mysql: {
    names: process.env.MYSQLD ? [process.env.MYSQLD] : ['mariadbd', 'mysqld'],
    debianPackage: 'mariadb-server',
    unit: 'mariadb',
  },
};

/** The browser that the page is tried in. */
export const browserProgram = { names: ['chromium', 'chromium-browser', 'google-chrome'], debianPackage: 'chromium' };

/** What Chinese is drawn with; a file stands for the package. */
export const hanFonts = {
  names: ['/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc'],
  debianPackage: 'fonts-noto-cjk',
};

const policyFile = '/usr/sbin/policy-rc.d';

function isInstalled({ names }) {
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return names.some((name) =>
    isAbsolute(name) ? existsSync(name) : places.some((place) => place && existsSync(join(place, name))),
  );
}

/**
 * Installs what is missing where we may (root on Debian), or refuses with a sentence that says what to install.
 * @param {{ names: string[], debianPackage: string, unit?: string }[]} programs
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
  // On a machine with systemd servers also ask to be started at boot.
  const units = missing.flatMap(({ unit }) => unit ?? []);
  if (units.length > 0 && existsSync('/run/systemd/system'))
    await step('Disabling their services', 'systemctl', ['disable', ...units]);
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
