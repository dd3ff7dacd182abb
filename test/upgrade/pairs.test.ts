/** From every language and style to every other one: what belongs to the process stays, what belongs to its code goes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { Journey, PLACES, shown, stylesOn } from './journey.ts';

const STATE = {
  small: -7,
  large: 9_007_199_254_740_993n,
  least: -(2n ** 63n),
  fraction: 0.1,
  text: 'a\u0000 \u00e4 \u20ac \u{1f600}',
  bytes: Uint8Array.of(0, 255, 128, 0),
  nested: [[1, [2, { deep: [true, false] }]], []],
  error: new TroupeError('sold out', { kind: 'CONFLICT', retryable: true, details: { item: 'lamp', left: [0] } }),
};

for (const { name, trusted, options } of PLACES) {
  const test = suite(`upgrades: ${name}`);
  let journey: Journey;
  let serial = 0;

  test.before(async () => {
    journey = await Journey.start({ trusted, threads: options }).catch(error => {
      process.stderr.write(`${error}\n`);
      throw error;
    });
  });
  test.after(async () => {
    await journey?.runtime.stop();
  });

  const styles = stylesOn(trusted);
  for (const from of styles) {
    for (const to of styles) {
      test(`${from} -> ${to}: state, PID, name, options, monitors, links and unread messages`, async () => {
        const { runtime } = journey;
        const [own, watched, mate] = ['own', 'watched', 'mate'].map(what => `${what} ${++serial}`);
        const waiters = [watched, mate].map(waiter =>
          runtime.spawn({ id: 'u:waiter', host: 'u:host', args: [waiter] }),
        );
        const traveller = journey.begin(from, STATE as never);
        const { pid } = traveller;
        traveller.tell('register', own);
        traveller.tell('options');
        traveller.tell('monitor', waiters[0]);
        traveller.tell('link', waiters[1]);
        traveller.tell('add', 1);
        traveller.become(to);
        for (let n = 2; n <= 20; n++) traveller.tell('add', n);
        const { carried, seen, ...rest } = await traveller.told();
        assert.equal(rest, { pid, id: `u:${to}`, trap_links: true, upgradable: true });
        assert.equal(shown(carried), shown(STATE as never));
        assert.equal(
          seen,
          Array.from({ length: 20 }, (_, i) => i + 1),
        );
        assert.is(runtime.lookup(own), pid);

        runtime.send(watched, 'go');
        assert.equal(await traveller.said('event', 1), [{ kind: 'pid.exit', from: waiters[0] }]);
        runtime.terminate(waiters[1]);
        assert.equal((await traveller.said('event', 2))[1], { kind: 'pid.link.down', from: waiters[1] });
        runtime.cancel(own);
        assert.equal((await traveller.said('event', 3))[2], { kind: 'pid.cancel', from: runtime.pid });
        traveller.tell('end');
        const { from: ended, result } = await traveller.exit;
        assert.is(ended, pid);
        assert.equal(shown(result!.value), shown(STATE as never));
        await journey.until('its name is free', () => runtime.lookup(own) === undefined);
      });

      test(`${from} -> ${to}: what the old code has begun is over, and none of it answers the new code`, async () => {
        const { runtime } = journey;
        const [first, second] = [`first ${++serial}`, `second ${++serial}`];
        const traveller = journey.begin(from);
        traveller.tell('begin', { name: first, milliseconds: 3_600_000 });
        await journey.until('the first is waited for', () => runtime.lookup(first) !== undefined);
        traveller.become(to);
        await journey.until('the first is cancelled', () => runtime.lookup(first) === undefined);
        traveller.tell('begin', { name: second, milliseconds: 1 });
        assert.equal(await traveller.said('late', 1), ['slept']);
        await journey.until('the second is waited for', () => runtime.lookup(second) !== undefined);
        runtime.send(second, 'go');
        assert.equal(await traveller.said('late', 2), ['slept', 'gone on']);
        traveller.tell('end');
        await traveller.exit;
        assert.is((await traveller.said('late', 2)).length, 2);
        assert.ok(await runtime.drained(20_000), `${runtime.live} processes live on`);
      });
    }
  }

  test('round all of them and back, several times: the same process', async () => {
    const traveller = journey.begin('lua', STATE as never);
    for (let round = 0; round < 5; round++) {
      for (const style of styles) {
        traveller.tell('add', style);
        traveller.become(style);
      }
    }
    const { pid, carried, seen } = await traveller.told();
    assert.is(pid, traveller.pid);
    assert.equal(shown(carried), shown(STATE as never));
    assert.equal(seen, Array.from({ length: 5 }, () => styles).flat());
    traveller.tell('end');
    await traveller.exit;
  });

  test.run();
}
