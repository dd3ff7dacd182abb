/** Names are one table for all hosts: nobody takes all of it, and nobody makes it slow. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesForNames, SharedNames } from '../../runtime/workers/shared_names.ts';
import { LANGUAGES, refusal, Stage, VICTIM } from './stage.ts';

const test = suite('attack: a bomb of names');

const ENTRIES = [
  '{name: cell, kind: process.host, allow_untrusted_ts: true}',
  '{name: office, kind: process.host, allow_untrusted_ts: true}',
  VICTIM,
];
const SHARE = 16_384;
/** With the count, the longest that a name may be. */
const LONG = 'x'.repeat(194);

for (const workers of [0, 1]) {
  const stage = await Stage.start({ entries: ENTRIES, options: { workers } });

  for (const language of LANGUAGES) {
    test(`${language}, ${workers} workers: a host gets its share, the others theirs, and all is free afterwards`, async () => {
      const [bomb, more, other, elsewhere] = await stage.attack(language, 'app:cell', [
        ['repeat', SHARE + 1, ['register', `#${LONG}`]],
        ['spawn', { id: 'app:victim', host: 'app:cell', name: 'of a child' }],
        ['register', 'one more'],
        ['exec', { id: `app:${language}`, host: 'app:office', args: [[['register', 'of another host']]] }],
      ]);
      assert.equal([bomb.ok.done, bomb.ok.error.kind], [SHARE, 'RATE_LIMITED']);
      assert.match(bomb.ok.error.message, 'app:cell');
      assert.equal([more, other].map(refusal), ['RATE_LIMITED', 'RATE_LIMITED']);
      assert.is(elsewhere.ok[0].ok, true);

      const [again] = await stage.attack(language, 'app:cell', [['repeat', 1000, ['register', 'again #']]]);
      assert.is(again.ok.done, 1000);
    });
  }
  test.after(() => stage.end());
}

test('names that come and go leave nothing that later look-ups must walk over', () => {
  const memory = new SharedArrayBuffer(bytesForNames(256));
  const names = new SharedNames(memory, 0);
  for (let i = 0; i < 5000; i++) {
    assert.is(names.register(`name ${i}`, '{app:cell|0x00001}'), undefined);
    if (i >= 20) assert.is(names.release(`name ${i - 20}`, undefined), true);
  }
  for (let i = 4980; i < 5000; i++) assert.is(names.release(`name ${i}`, undefined), true);
  assert.is(
    names.sweep(() => true),
    0,
  );
  assert.is(new Int32Array(memory)[1], 0, 'records in use');
});

test.run();
