import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Debounce } from '../../runtime/dev/debounce.ts';
import { VirtualClock } from '../supervision/virtual_clock.ts';

const test = suite('dev debounce');

class Watched {
  readonly clock = new VirtualClock();
  readonly fired: number[] = [];
  readonly debounce = new Debounce(this.clock, { quiet: 30, longest: 150 }, () => this.fired.push(this.clock.now()));
}

test('after quiet there is one call for all that happened', async () => {
  const { clock, fired, debounce } = new Watched();
  debounce.touch();
  await clock.advance(20);
  debounce.touch();
  assert.ok(debounce.pending);
  await clock.advance(29);
  assert.equal(fired, []);
  await clock.advance(1);
  assert.equal(fired, [50]);
  assert.not(debounce.pending);
  assert.is(clock.armed, 0);
});

test('what happens all the time does not put it off for ever', async () => {
  const { clock, fired, debounce } = new Watched();
  for (let i = 0; i < 40; i++) {
    debounce.touch();
    await clock.advance(10);
  }
  assert.equal(fired, [150, 300]);
  await clock.advance(100);
  assert.equal(fired, [150, 300, 420]);
});

test('the time begins anew after a call', async () => {
  const { clock, fired, debounce } = new Watched();
  debounce.touch();
  await clock.advance(1_000);
  debounce.touch();
  await clock.advance(29);
  assert.equal(fired, [30]);
  await clock.advance(1);
  assert.equal(fired, [30, 1_030]);
});

test('what was cancelled is not called', async () => {
  const { clock, fired, debounce } = new Watched();
  debounce.touch();
  debounce.cancel();
  assert.not(debounce.pending);
  assert.is(clock.armed, 0);
  await clock.advance(1_000);
  assert.equal(fired, []);
});

test.run();
