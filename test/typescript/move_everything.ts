/** Repeats the tests of another file with processes that move between all their steps (`world.ts`). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Moves } from '../wasm/moving_machine.ts';

/** `least`: how many moves there must be, so that this is no test of nothing. */
export async function moveEverything(what: string, least: number, tests: () => Promise<unknown>): Promise<void> {
  const moves: Moves = { count: 0 };
  (globalThis as { troupeTestMoves?: Moves }).troupeTestMoves = moves;
  await tests();
  const test = suite(`${what} that moved`);
  test('there were moves', () => {
    assert.ok(moves.count >= least, `only ${moves.count}`);
  });
  test.run();
}
