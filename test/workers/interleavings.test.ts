/**
 * The real protocols of moving, stealing and sleeping, with the interleaving of schedulers chosen by a seed
 * (`one_thread.ts`).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seeds } from '../soaked.ts';
import { ends, names, order, work } from './scenarios.ts';

const test = suite('moving, stealing and sleeping, in chosen interleavings');

for (const [scenario, what] of [
  [order, 'messages keep their order and number'],
  [ends, 'every EXIT and every LINK_DOWN comes once'],
  [work, 'every task is done once, and nobody sleeps over it'],
  [names, 'a name that is found can be sent to'],
] as const) {
  for (const schedulers of [3, 4, 5]) {
    test(`${what}, ${schedulers} schedulers`, () => {
      for (const seed of seeds(300)) {
        const wrong = scenario(seed, schedulers);
        assert.ok(wrong.length === 0, `seed ${seed}\n${wrong.join('\n')}`);
      }
    });
  }
}

test.run();
