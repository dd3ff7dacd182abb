/**
 * Random trees of supervisors, and what is done to them, here and in Erlang/OTP (README.md). One scenario by its seed:
 * `TROUPE_SEED=N node --import ./dist/test/seed.js dist/test/supervision/otp/otp.test.js`.
 */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { whyNoErlang } from '../../bench/erlang/erlang.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { Contest } from './contest.ts';
import { ErlangSide } from './erlang_side.ts';
import { scenarios } from './generate.ts';
import type { Scenario, Step } from './scenario.ts';

const test = suite('supervisors compared with Erlang/OTP');
/** Scenarios of a seed; Erlang plays them at once. */
const ROUND = 400;
/** How many of them are played with children in Lua, and on two workers, where time is real. */
const IN_LUA = 60;
const ON_WORKERS = 30;
/** Rounds under `npm run soak`, at most. */
const MOST_ROUNDS = 25;
/** Differences that are made smaller and shown. */
const MOST_SHOWN = 3;

const why = whyNoErlang();
const anySeed = Math.floor(systemClock.random() * 2 ** 30);

/** Each with a seed of its own: the one of all tests and those that follow it, in other runs any. */
const rounds = Array.from({ length: Math.min(Number(process.env.TROUPE_SOAK) || 1, MOST_ROUNDS) }, (_, round) => {
  const first = fc.readConfigureGlobal()?.seed ?? anySeed;
  return { seed: first + round, all: fc.sample(scenarios, { seed: first + round, numRuns: ROUND }) };
});

async function compare(contest: Contest, adapted: (all: readonly Scenario[]) => readonly Scenario[]): Promise<void> {
  for (const { seed, all } of rounds) {
    const played = adapted(all);
    const differences = await contest.differences(played);
    const shown: string[] = [];
    for (const [i, first] of [...differences].slice(0, MOST_SHOWN)) shown.push(await contest.explain(played[i], first));
    const title = `seed ${seed}: ${differences.size} of ${played.length} scenarios differ`;
    assert.is(differences.size, 0, [title, ...shown].join('\n\n'));
  }
}

/** On several threads ends are seen in any order, so there is one at a time, and nobody waits for a second to pass. */
function forThreads(all: readonly Scenario[]): Scenario[] {
  const quick = all.filter(({ steps }) => steps.every(step => step.do !== 'pause'));
  const single = (step: Step): Step => (step.do === 'end' ? { ...step, victims: step.victims.slice(0, 1) } : step);
  return quick.slice(0, ON_WORKERS).map(scenario => ({ ...scenario, steps: scenario.steps.map(single) }));
}

if (why === undefined) {
  const erlang = new ErlangSide();
  test.after(() => erlang.close());

  test('on one thread: everything that happens, in order', () =>
    compare(new Contest(erlang, 0, 'typescript'), all => all));

  test('on one thread, with children in Lua', () =>
    compare(new Contest(erlang, 0, 'lua'), all => all.slice(0, IN_LUA)));

  test('on two workers: what each supervisor does, in order', () =>
    compare(new Contest(erlang, 2, 'typescript'), forThreads));
} else {
  console.log(`skip: supervisors are not compared with OTP: ${why}`);
  test('without Erlang it is said what is missing', () => {
    assert.match(why, /install/);
  });
}

test.run();
