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
const VERSION = 4;
const MADE: { readonly [preempt in Preemption]: string } = {
  resume: 'ddc12e95d73bb358ab295d692a27c1c5acdeae6b4854df49a7cdb50477abc9d7',
  kill: '35d851a0d98ad942862587179c4ad0860410cc67f13ffd24258db801025baf04',
  none: '11dcfdaa1c0f0e86853bd4cf85d8e707cb7685e9f64e99553232481b8f2d097b',
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
