/**
 * Every case for every pair of languages (`meet`): on one thread, and with two workers on which spawns take turns, so that most
 * pairs are on different threads, and among three that give processes to one another at random. Closes with a table: rule by language.
 */
import { suite } from 'uvu';
import { CASES } from './cases.ts';
import { Verdicts } from './verdicts.ts';
import { LANGUAGES, meet, SLICE, World } from './world.ts';

/**
 * Where the cases run; among restless workers processes move at random all the time. `few`: each language with the next
 * one only.
 */
const WORLDS: readonly { readonly workers: number; readonly restless?: boolean; readonly few?: boolean }[] =
  process.env.TROUPE_WORKERS === undefined
    ? [
        { workers: 0 },
        { workers: 2 },
        { workers: 3, restless: true },
        ...(SLICE === undefined && process.env.TROUPE_LUA === undefined
          ? [
              { workers: 1, few: true },
              { workers: 16, few: true },
            ]
          : []),
      ]
    : [{ workers: Number(process.env.TROUPE_WORKERS), restless: process.env.TROUPE_RESTLESS === '1' }];
/** Languages that short slices concern. */
const IS_INTERRUPTED = new Set(['lua', 'wasm', 'wasm-events', 'c']);
/** Where the cases run once more in another way (`run.ts`): languages that it makes a difference to. */
const concerned =
  process.env.TROUPE_LUA !== undefined ? new Set(['lua']) : SLICE !== undefined ? IS_INTERRUPTED : undefined;
/** Languages whose agents read their mail while they sleep. */
const SLEEPS_ASIDE = new Set(['xstate', 'wasm-events', 'handlers']);

const names = Object.keys(LANGUAGES);
const verdicts = new Verdicts(names);
let suites = 0;

for (const { workers, restless, few } of WORLDS) {
  const test = suite(`conformance, ${workers} ${restless ? 'restless ' : ''}workers`);
  let world: World;
  test.before(async () => {
    // The runner keeps what a hook throws to itself.
    world = await World.start({ workers, restless, placement: 'round-robin' }).catch(error => {
      process.stderr.write(`${error}\n`);
      throw error;
    });
  });
  test.after(async () => {
    await world?.runtime.stop();
    if (++suites === WORLDS.length) console.log(`\n${verdicts}`);
  });
  for (const { rule, run } of CASES) {
    for (const a of names) {
      for (const b of names) {
        if (concerned !== undefined && !concerned.has(a) && !concerned.has(b)) continue;
        if (!meet(a, b) || (few && names.indexOf(b) !== (names.indexOf(a) + 1) % names.length)) continue;
        if (
          SLICE !== undefined &&
          IS_INTERRUPTED.has(a) &&
          SLEEPS_ASIDE.has(b) &&
          rule.startsWith('4 a full mailbox')
        ) {
          console.log(`skip: ${a} -> ${b}: ${rule}: a sender that is interrupted lets the receiver read`);
          continue;
        }
        test(`${a} -> ${b}: ${rule}`, async () => {
          try {
            await run(world, a, b);
            verdicts.note(rule, [a, b], true);
          } catch (thrown) {
            verdicts.note(rule, [a, b], false);
            throw thrown;
          }
        });
      }
    }
  }
  test.run();
}
