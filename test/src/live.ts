import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@teahouse/test';

const answerMs = 10_000;
const preload = new URL('./live-heap.js', import.meta.url).href;

/** What a process uses once all garbage is collected, bytes. */
export interface Live {
  /** Objects, and the buffers that belong to them. */
  readonly live: number;
  /** What the kernel holds for it besides V8's heap and pages of files: code, buffers, and whatever was not given back. */
  readonly native: number;
}

/** Asks processes what they still use once all garbage is collected. */
export class LiveMemory {
  readonly #directory: string;

  /** @param directory of this alone; removed by whoever made it */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  /** What a process must be started with so that it can be asked. */
  get env(): NodeJS.ProcessEnv {
    return { LIVE_HEAP_DIR: this.#directory, NODE_OPTIONS: `--expose-gc --import ${preload}` };
  }

  /** Rejects where it does not answer within 10 s. */
  async of(pid: number): Promise<Live> {
    const place = join(this.#directory, String(pid));
    rmSync(place, { force: true });
    process.kill(pid, 'SIGWINCH');
    await eventually(() => readOr(place) !== undefined, answerMs, `process ${pid} does not tell its memory`);
    return JSON.parse(readOr(place) ?? '') as Live;
  }
}

function readOr(place: string): string | undefined {
  try {
    return readFileSync(place, 'utf8');
  } catch {
    return undefined;
  }
}
