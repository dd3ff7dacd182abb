/**
 * Every case for every pair of languages: on one thread, and with two workers on which spawns take turns, so that most
 * pairs are on different threads.
 */
import { suite } from 'uvu';
import { CASES } from './cases.ts';
import { LANGUAGES, SLICE, World } from './world.ts';

for (const workers of [0, 2]) {
  const test = suite(`conformance, ${workers} workers`);
  let world: World;
  test.before(async () => {
    // The runner keeps what a hook throws to itself.
    world = await World.start({ workers, placement: 'round-robin' }).catch(error => {
      process.stderr.write(`${error}\n`);
      throw error;
    });
  });
  test.after(async () => {
    await world?.runtime.stop();
  });
  const names = Object.keys(LANGUAGES);
  for (const { rule, run } of CASES) {
    for (const a of names) {
      for (const b of names) {
        if (
          SLICE !== undefined &&
          (a === 'lua' || a === 'wasm') &&
          b === 'xstate' &&
          rule.startsWith('4 a full mailbox')
        ) {
          console.log(`skip: ${a} -> ${b}: ${rule}: a sender that is interrupted lets the receiver read`);
          continue;
        }
        test(`${a} -> ${b}: ${rule}`, () => run(world, a, b));
      }
    }
  }
  test.run();
}
