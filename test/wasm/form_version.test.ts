/**
 * Forms of modules are kept on disk under the version of what made them. If one of these hashes is another one, the same
 * module is transformed differently than before: raise `FORM_VERSION` and write down the new hashes with it.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FORM_VERSION, runnableForm } from '../../machines/wasm/form.ts';
import type { Preemption } from '../../machines/wasm/suspend/preemption.ts';
import { sha256 } from '../../machines/wasm/sources/cache.ts';
import { SAMPLE } from './sample_module.ts';

const test = suite('wasm form version');

/** sha256 of what this version makes of the sample. */
const VERSION = 5;
const MADE: { readonly [preempt in Preemption]: string } = {
  resume: 'd392d1f35dbece1b5de2d5eb57ed775c90fa5f75a8d30ccca5f869256f7102f6',
  kill: 'eb1b91997ac8b97274e17ebc89c01ba1f307251f31bf8b07863d9e3b374f77f8',
  none: '43302458b71f0cd3c21fd474050bf6fb50913e8123eb7a517a42bf52d7852c52',
};

test('the hashes here are those of the version that there is', () => {
  assert.is(FORM_VERSION, VERSION);
});

for (const preempt of ['resume', 'kill', 'none'] as const) {
  test(`what version ${VERSION} makes, preempt ${preempt}`, () => {
    const { form, bytes } = runnableForm(SAMPLE, preempt);
    const plain = { ...form, frames: [...form.frames], origins: [...form.origins] };
    assert.is(sha256(JSON.stringify([plain, sha256(bytes)])), MADE[preempt]);
  });
}

test.run();
