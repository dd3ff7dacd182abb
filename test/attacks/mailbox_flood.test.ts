/** More messages than anybody reads: each mailbox is full at some time, and it is the sender who is told. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, Stage, VICTIM } from './stage.ts';

const test = suite('attack: a flood of messages');

const ENTRIES = [
  '{name: cell, kind: process.host, allow_untrusted_ts: true, limits: {mailbox: 1000, mailbox_bytes: 1MiB}}',
  '{name: office, kind: process.host, allow_untrusted_ts: true}',
  // Waits for an event that never comes, and leaves its mail alone.
  '{name: deaf, kind: process.lua, source: "return function() process.events():receive() end"}',
  VICTIM,
];
const LARGE = 'x'.repeat(64 * 1024);

for (const workers of [0, 2]) {
  const stage = await Stage.start({ entries: ENTRIES, options: { workers, placement: 'round-robin' } });
  const { runtime } = stage;
  const beginDeaf = (): string => runtime.spawn({ id: 'app:deaf', host: 'app:cell' });

  for (const language of LANGUAGES) {
    test(`${language}, ${workers} workers: a mailbox takes so many messages, and so many bytes`, async () => {
      const [many, large] = [beginDeaf(), beginDeaf()];
      const [flood, heavy] = await stage.attack(language, 'app:office', [
        ['repeat', 200_000, ['send', many, 'topic #', 1]],
        ['repeat', 200_000, ['send', large, 'topic', LARGE]],
      ]);
      for (const { ok } of [flood, heavy]) assert.is(ok.error?.kind, 'RATE_LIMITED');
      // From another thread some are under way before it is known there that it is full.
      assert.ok(flood.ok.done >= 1000 && flood.ok.done < 150_000, `${flood.ok.done}`);
      assert.ok(heavy.ok.done >= 15 && heavy.ok.done < 10_000, `${heavy.ok.done}`);
      for (const pid of [many, large]) runtime.terminate(pid);
    });

    test(`${language}, ${workers} workers: meanwhile others are served, and so is who is flooded`, async () => {
      const victim = runtime.spawn({ id: 'app:victim', host: 'app:cell', name: 'served' });
      const flood = stage.begin(language, 'app:office', [['repeat', 1_000_000, ['send', victim, 'topic', 1]]]);
      const answers = await stage.attack('lua', 'app:office', [
        ['exec', { id: 'app:lua', host: 'app:office', args: [[['pid']]] }],
        ['exec', { id: 'app:ts', host: 'app:cell', args: [[['pid']]] }],
      ]);
      assert.equal(
        answers.map(({ error }) => error),
        [undefined, undefined],
      );
      runtime.terminate(flood);
      await stage.until('it takes the message that ends it', () => runtime.send(victim, 'finish', null) === undefined);
      await stage.until('it has ended', () => runtime.lookup('served') === undefined);
    });

    test(`${language}, ${workers} workers: a flood to oneself and to names that nobody holds ends in errors`, async () => {
      const [nobody, , own] = await stage.attack(language, 'app:cell', [
        ['repeat', 10, ['send', 'nobody #', 'topic', 1]],
        ['register', 'myself'],
        ['repeat', 200_000, ['send', 'myself', 'topic', 1]],
      ]);
      assert.equal([nobody.ok.done, nobody.ok.error.kind], [0, 'NOT_FOUND']);
      assert.equal([own.ok.done, own.ok.error.kind], [1000, 'RATE_LIMITED']);
    });
  }

  test(`${workers} workers: control: who reads takes any number`, async () => {
    const victim = runtime.spawn({ id: 'app:victim', host: 'app:office' });
    const [sent] = await stage.attack('wasm', 'app:office', [['repeat', 20_000, ['send', victim, 'topic', 1]]]);
    assert.is(sent.ok.done, 20_000);
    runtime.terminate(victim);
  });
  test.after(() => stage.end());
}
test.run();
