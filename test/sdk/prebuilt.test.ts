/** The binaries in the repository are from the sources in the repository. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { originOf, PREBUILT, readRecord } from './prebuilt.ts';

const test = suite('prebuilt binaries');
const record = readRecord();

test('there is a record of each binary, and of no other', () => {
  assert.equal(Object.keys(record), [...PREBUILT.map(one => one.wasm)]);
});

for (const one of PREBUILT) {
  test(`${one.wasm} is from its sources and the SDK as they are`, () => {
    const hint = 'where it is not: RUSTC=... node dist/test/sdk/build.js makes all anew';
    assert.equal(originOf(one), record[one.wasm], hint);
  });
}

test.run();
