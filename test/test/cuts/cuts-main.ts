import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { cutsRun } from './cuts.js';
import { sayCuts } from './say.js';

// npm run cuts -- --cuts 5000 --seed 1

const { values } = parseArgs({ options: { cuts: { type: 'string' }, seed: { type: 'string' } } });
const cuts = Number(values.cuts ?? 5_000);
const seed = Number(values.seed ?? randomInt(2 ** 31));
const say = (line: string) => process.stdout.write(`${line}\n`);
say(`seed ${seed}`);
const result = await cutsRun({ cuts, seed, say });
for (const line of sayCuts(result)) say(line);
process.exit(result.faults.length === 0 ? 0 : 1);
