import { join } from 'node:path';
import { type RunningProcess, startProcess, within } from '@teahouse/test';

const READY_MS = 15_000;

/** Starts the peer as a process of its own on a free port and waits until it listens. */
export async function startPeerProcess(databaseUrl: string): Promise<{ url: string; process: RunningProcess }> {
  let ready: (url: string) => void = () => {};
  const url = new Promise<string>((resolve) => {
    ready = resolve;
  });
  const running = await startProcess(process.execPath, [join(import.meta.dirname, 'peer-main.js')], {
    env: { ...process.env, NODE_ENV: 'production', PEER_DB_URL: databaseUrl, PORT: '0' },
    output: {
      line: (line) => {
        if (line.startsWith('ready ')) ready(line.slice(6));
        else process.stderr.write(`peer: ${line}\n`);
      },
    },
  });
  const ended = running.exited.then(() => Promise.reject(new Error('The peer ended at once.')));
  try {
    return { url: await within(Promise.race([url, ended]), READY_MS, 'The peer does not listen'), process: running };
  } catch (error) {
    await running.stop();
    throw error;
  }
}
