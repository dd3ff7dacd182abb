import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capabilityDefinitions, capabilityScope } from '../../runtime/capabilities/index.ts';
import { type Rate, Rates } from '../../runtime/capabilities/rates.ts';
import { loadDeployment } from '../../runtime/registry/load.ts';
import type { DeploymentError } from '../../runtime/registry/problem.ts';
import { writeDeployment } from '../deploy.ts';
import { NOON } from './call.ts';
import { LANGUAGES, type Outcome, Speakers } from './languages.ts';

const test = suite('rates');

const rate = (calls: number, per: number, index = 0): Rate => ({
  host: 'app:host',
  capability: 'logger',
  calls,
  per,
  index,
});

/** At which of these times (milliseconds) a call is let through. */
function passed(times: readonly number[], limit: Rate, rates = new Rates(new BigInt64Array(2))): boolean[] {
  return times.map(time => rates.enter(limit, NOON + time) === undefined);
}

test('so many at once, then one in each part of the time', () => {
  assert.equal(passed([0, 0, 0, 0, 300, 334, 335, 2000, 2000, 2000, 2000], rate(3, 1000)), [
    ...[true, true, true, false],
    ...[false, true, false],
    ...[true, true, true, false],
  ]);
  assert.equal(passed([0, 999, 1000, 1001], rate(1, 1000)), [true, false, true, false]);
});

test('whoever is refused is told how long to wait, and is let through after that', () => {
  const rates = new Rates(new BigInt64Array(1));
  const limit = rate(2, 1000);
  passed([0, 0], limit, rates);
  const refused = rates.enter(limit, NOON + 100)!;
  assert.equal([refused.kind, refused.retryable], ['RATE_LIMITED', true]);
  assert.equal(refused.details, { capability: 'logger', host: 'app:host', calls: 2, per: 1000, retry_after: 400 });
  assert.match(refused.message, 'logger: app:host lets its processes make 2 calls per 1s together');
  assert.match(refused.message, 'try again in 400ms, or raise "rate" under its capabilities: {logger: ...}');
  assert.equal(passed([499, 500], limit, rates), [false, true]);
});

test('never more than twice the number in any span, and all that come slowly enough', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 1000 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }),
      (calls, per, gaps) => {
        let time = 0;
        const times = gaps.map(gap => (time += gap));
        const through = times.filter((_, i, all) => passed(all, rate(calls, per))[i]);
        for (const from of through) {
          const within = through.filter(each => each >= from && each < from + per).length;
          assert.ok(within <= 2 * calls, `${within} of ${calls} in ${per} ms`);
        }
        const slow = gaps.map((_, i) => Math.ceil((i * per) / calls + i / 1e3));
        assert.ok(passed(slow, rate(calls, per)).every(Boolean));
      },
    ),
    { numRuns: 50 },
  ));

test('each capability of each host has a count of its own', () => {
  const rates = new Rates(new BigInt64Array(2));
  assert.equal(passed([0, 0], rate(1, 1000, 0), rates), [true, false]);
  assert.equal(passed([0, 0], rate(1, 1000, 1), rates), [true, false]);
});

for (const workers of [0, 2]) {
  test(`all processes of a host share it, whatever language and thread, ${workers} workers`, async () => {
    const speakers = await Speakers.start(['store', 'random'], '{store: {rate: {calls: 7, per: 1h}}, random: }', {
      workers,
    });
    try {
      const outcomes: Outcome[] = [];
      await Promise.all(
        LANGUAGES.flatMap(language =>
          Array.from({ length: 5 }, async (_, i) =>
            outcomes.push(await speakers.call(language, 'store', 'set', `${language}${i}`, i)),
          ),
        ),
      );
      assert.is(outcomes.filter(({ value }) => value === true).length, 7);
      const refused = outcomes.filter(({ kind }) => kind === 'RATE_LIMITED');
      assert.is(refused.length, 8);
      for (const { details, message } of refused) {
        assert.match(message!, 'store: app:host lets its processes make 7 calls per 1h together');
        const wait = details?.retry_after as number;
        assert.ok(wait > 0 && wait <= 3_600_000, String(wait));
      }
      for (const language of LANGUAGES) {
        const free = await speakers.call(language, 'random', 'integer', 1, 1);
        assert.is(free.value, 1, 'another capability is not counted');
        const wrong = await speakers.call(language, 'store', 'set');
        assert.is(wrong.kind, 'INVALID', 'a wrong call is none');
      }
    } finally {
      await speakers.stop();
    }
  });
}

test('every capability that has operations takes a rate; a wrong one is refused with its place', async () => {
  const check = async (capability: string, setting: string): Promise<string> => {
    const yaml = `version: "1.0"\nnamespace: app\nentries:\n  - {name: host, kind: process.host, capabilities: {${capability}: {rate: ${setting}}}}\n`;
    try {
      await loadDeployment(writeDeployment({ 'app.yaml': yaml }), capabilityScope);
      return 'ok';
    } catch (thrown) {
      return (thrown as DeploymentError).problems.map(({ message }) => message).join('\n');
    }
  };
  for (const { name, operations } of capabilityDefinitions.values()) {
    const answer = await check(name, '{calls: 1, per: 1s}');
    if (Object.keys(operations).length > 0) assert.is(answer, 'ok', name);
    else assert.match(answer, 'rate', name);
  }
  assert.match(await check('time', '{calls: 0, per: 1s}'), 'must be at least 1');
  assert.match(await check('time', '{calls: 1}'), 'per');
  assert.match(await check('time', '{calls: 1, per: 5}'), 'has no unit');
  assert.match(await check('time', '{calls: 1, per: 0s}'), 'must be more than zero');
  assert.match(await check('time', '5'), 'rate');
});

test.run();
