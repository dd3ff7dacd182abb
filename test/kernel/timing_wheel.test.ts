import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TimingWheel } from '../../runtime/scheduler/timing_wheel.ts';

const test = suite('kernel: timing wheel');

class Recorder {
  readonly fired: { tag: number; at: number }[] = [];
  now = 0;
  timerFired(tag: number): void {
    this.fired.push({ tag, at: this.now });
  }
}

const delay = fc.oneof(
  fc.double({ min: 0.001, max: 5, noNaN: true }),
  fc.integer({ min: 1, max: 200 }),
  fc.integer({ min: 1, max: 300_000 }),
  fc.integer({ min: 1, max: 2 ** 38 }),
);

test('every timer fires once, never early, at the first advance at or after its time, in time order', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.array(delay, { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 60 }),
      fc.func(fc.boolean()),
      (start, delays, advances, cancels) => {
        const wheel = new TimingWheel(start);
        const recorder = new Recorder();
        const due = new Map<number, number>();
        let now = start;
        const timers = delays.map((ms, tag) => {
          due.set(tag, start + ms);
          return wheel.arm(start, ms, recorder, tag);
        });
        timers.forEach((timer, tag) => {
          if (!cancels(tag)) return;
          wheel.cancel(timer);
          wheel.cancel(timer);
          due.delete(tag);
        });
        for (const step of advances) {
          const wait = wheel.delay(now);
          assert.is(wait < 0, wheel.armed === 0);
          const before = now;
          now += step;
          recorder.now = now;
          wheel.advance(now);
          for (const { tag, at } of recorder.fired) {
            if (at !== now) continue;
            assert.ok(due.get(tag)! <= now, 'not early');
            assert.ok(due.get(tag)! + 1 > before, 'not late');
          }
        }
        const past = [...due].filter(([, time]) => Math.ceil(time) <= Math.floor(now)).map(([tag]) => tag);
        assert.equal(
          recorder.fired.map(({ tag }) => tag).sort((a, b) => a - b),
          past.sort((a, b) => a - b),
        );
        assert.is(wheel.armed, due.size - past.length);
      },
    ),
    { numRuns: 500 },
  );
});

test('the announced delay is never later than the next timer', () => {
  fc.assert(
    fc.property(fc.array(delay, { minLength: 1, maxLength: 20 }), delays => {
      const wheel = new TimingWheel(0);
      const recorder = new Recorder();
      delays.forEach((ms, tag) => {
        wheel.arm(0, ms, recorder, tag);
      });
      let now = 0;
      const next = Math.ceil(Math.min(...delays));
      while (recorder.fired.length === 0) {
        const wait = wheel.delay(now);
        assert.ok(now + wait <= next + 1e-6, `${now} + ${wait} is later than ${next}`);
        now += Math.max(wait, 1e-3);
        wheel.advance(now);
      }
    }),
    { numRuns: 300 },
  );
});

test('an owner may cancel and arm while timers fire', () => {
  const wheel = new TimingWheel(0);
  const fired: number[] = [];
  let second: number;
  const owner = {
    timerFired(tag: number) {
      fired.push(tag);
      if (tag === 1) {
        wheel.cancel(second);
        wheel.arm(5, 1, owner, 3);
      }
    },
  };
  wheel.arm(0, 5, owner, 1);
  second = wheel.arm(0, 5, owner, 2);
  wheel.advance(5);
  assert.equal(fired, [1]);
  wheel.advance(6);
  assert.equal(fired, [1, 3]);
  assert.is(wheel.armed, 0);
});

test.run();
