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
const VERSION = 3;
const MADE: { readonly [preempt in Preemption]: string } = {
  resume: 'f4c824544c6540a2408b5426452e233f49c4c47790f288bd4df89165dce42dd0',
  kill: 'b99a03fdc19692368b0395009b9d0cd501afbf9703d113122e05843d37edb85f',
  none: 'aaedcc3642479f6e4bbec5424eab5f635cc513c8d7dd15a44ac91ecf9d25be3c',
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
