import { ConfigError } from '@teahouse/service-kit';
import { type Standalone, startStandalone } from './standalone.js';
import { welcome } from './welcome.js';

/** Whoever pressed Ctrl-C waits no longer; nothing acknowledged is lost by ending without a farewell. */
const closeMs = 1_500;

let running: Standalone | undefined;
let ending = false;

function end(code: number): void {
  if (ending) process.exit(code);
  ending = true;
  setTimeout(() => process.exit(code), closeMs);
  Promise.resolve(running?.close()).then(
    () => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${text(error)}\n`);
      process.exit(1);
    },
  );
}

function text(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(0));
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error) => {
    process.stderr.write(`${text(error)}\n`);
    end(1);
  });
}

try {
  running = await startStandalone();
  process.stdout.write(welcome(running));
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : text(error)}\n`);
  process.exit(1);
}
