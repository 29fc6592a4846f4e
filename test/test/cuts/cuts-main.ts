import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { wholeOption } from '@teahouse/test';
import { cutsRun } from './cuts.js';
import { sayCuts } from './say.js';

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
});
const cuts = wholeOption('cuts', values.cuts, 0);
const seed = wholeOption('seed', values.seed, 0);
const say = (line: string) => process.stdout.write(`${line}\n`);
say(`seed ${seed}`);
const result = await cutsRun({ cuts, seed, say });
for (const line of sayCuts(result)) say(line);
process.exit(result.faults.length === 0 ? 0 : 1);
