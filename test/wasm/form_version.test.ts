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
const VERSION = 2;
const MADE: { readonly [preempt in Preemption]: string } = {
  resume: '11fec037437d400dee862cf5882a6461dcd20386e9c407fbb8678a84b3a1a43a',
  kill: 'aa79428851fe39f94138c68b506115ac1d79d9a5430dc3df83e2ec8020ebd09b',
  none: '8fd99197f01a7963930b2788141935154103f1a90020a2ea41bc65b0f9f9e1ef',
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
