/** Messages pour in from several processes while their receiver becomes one program after the other: none is lost, none doubled. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { soaked } from '../soaked.ts';
import { Journey, PLACES, type Style, stylesOn } from './journey.ts';

for (const { name, trusted, options } of PLACES) {
  const test = suite(`upgrades under load: ${name}`);
  let journey: Journey;

  test.before(async () => {
    journey = await Journey.start({
      trusted,
      threads: options,
      // Short slices: Lua and WebAssembly are interrupted in the middle of what they do.
      host: 'limits: {cpu_slice: 1ms}',
      entries: [
        '{name: counter_lua, kind: process.lua, source: file://counter.lua}',
        '{name: counter_ts, kind: process.ts, imports: [time], source: file://counter.ts}',
      ],
    }).catch(error => {
      process.stderr.write(`${error}\n`);
      throw error;
    });
  });
  test.after(async () => {
    await journey?.runtime.stop();
  });

  const style = fc.constantFrom(...stylesOn(trusted));
  const journeys = fc.record({
    first: style,
    route: fc.array(fc.record({ to: style, pause: fc.boolean() }), { minLength: 1, maxLength: 25 }),
    senders: fc.array(
      fc.record({ counter: fc.constantFrom('counter_lua', 'counter_ts'), count: fc.integer({ min: 1, max: 250 }) }),
      { minLength: 1, maxLength: 5 },
    ),
  });

  test('every number of every sender, once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(journeys, async ({ first, route, senders }) => {
        const { runtime } = journey;
        const traveller = journey.begin(first);
        const counters = senders.map(({ counter, count }) =>
          runtime.watch({ id: `u:${counter}`, host: 'u:host', args: [traveller.pid, count] }),
        );
        let last: Style = first;
        for (const { to, pause } of route) {
          traveller.become(to);
          last = to;
          if (pause) await runtime.wait(1);
        }
        for (const { exit } of counters) assert.is((await exit).result?.error, undefined);
        const total = senders.reduce((sum, { count }) => sum + count, 0);
        // What comes from one thread can overtake what comes from another.
        let told = await traveller.told();
        for (let asked = 0; told.seen.length < total && asked < 1000; asked++) told = await traveller.told();
        assert.is(told.id, `u:${last}`);
        const seen = told.seen as [string, number][];
        assert.is(seen.length, total);
        counters.forEach(({ pid }, i) => {
          assert.equal(
            seen.filter(([from]) => from === pid).map(([, n]) => n),
            Array.from({ length: senders[i].count }, (_, n) => n + 1),
          );
        });
        traveller.tell('end');
        await traveller.exit;
      }),
      soaked({ seed: 7, numRuns: 20 }),
    );
    assert.ok(await journey.runtime.drained(20_000), `${journey.runtime.live} processes live on`);
  });

  test.run();
}
