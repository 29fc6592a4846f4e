import { join } from 'node:path';
import { eventually, startProcess } from '@teahouse/test';
import type { Test } from 'tap';

/** Two programs of two players: a greeting in the group, and a private answer. */
export async function playersMeet(t: Test, url: string): Promise<void> {
  const said: string[] = [];
  const play = async (name: string) => {
    const program = join(import.meta.dirname, '..', 'seed', `${name}.js`);
    const player = await startProcess(process.execPath, [program, url], {
      env: process.env,
      output: { line: (line) => said.push(line) },
    });
    t.teardown(() => player.stop());
  };
  const hears = (line: string) => eventually(() => said.includes(line), 10_000, `Not heard: ${line}`);
  await play('player2');
  await hears('player2 is here');
  await play('player1');
  await hears('player2 received: 大家好，我是player1');
  await hears('player1 received: 你好player1，我是player2');
  t.strictSame(said.sort(), [
    'player1 received: 你好player1，我是player2',
    'player2 is here',
    'player2 received: 大家好，我是player1',
  ]);
}
