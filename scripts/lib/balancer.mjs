import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the scaled system wants beside its compose file: a certificate for localhost that nobody else has signed, in the place
 * of the one that may be in deploy/tls, and ports.
 * @param {string} folder where it may write
 * @param {string} port of 127.0.0.1, for TLS; the balancer gets the one after it for what has none
 * @returns {{ files: string[], env: Record<string, string> }} compose files and the variables that they read
 */
export function beforeBalancer(folder, port) {
  const certificates = join(folder, 'tls');
  mkdirSync(certificates);
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const out = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', '-days', '1', ...name, ...out], { stdio: 'pipe' });
  writeFileSync(join(certificates, 'localhost.pem'), readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  // The balancer runs as a user of its own.
  chmodSync(certificates, 0o755);
  chmodSync(join(certificates, 'localhost.pem'), 0o644);
  const file = join(folder, 'certificates.yml');
  writeFileSync(file, `services:\n  balancer:\n    volumes:\n      - ${certificates}:/usr/local/etc/haproxy/tls:ro\n`);
  const env = {
    PUBLISH: '127.0.0.1:',
    PUBLISH_HTTPS: `127.0.0.1:${port}`,
    PUBLISH_HTTP: `127.0.0.1:${Number(port) + 1}`,
  };
  return { files: ['docker-compose.scaled.yml', file], env };
}
