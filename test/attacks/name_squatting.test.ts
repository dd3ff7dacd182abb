/** Names: taken first, taken from others, used as a way to whoever holds them. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, refusal, Stage, type Step, VICTIM } from './stage.ts';

const test = suite('attack: name squatting');

const ENTRIES = [
  '{name: vault, kind: process.host, reachable_from: [app:office]}',
  '{name: office, kind: process.host, allow_untrusted_ts: true}',
  '{name: cell, kind: process.host, allow_untrusted_ts: true}',
  VICTIM,
  '{name: service, kind: process.service, process: app:victim, host: app:vault, lifecycle: {auto_start: true, name: accounts, stop_timeout: 10ms}}',
];

for (const workers of [0, 2]) {
  const stage = await Stage.start({ entries: ENTRIES, options: { workers, placement: 'round-robin' } });
  const { runtime } = stage;
  await stage.until('the service runs', () => runtime.lookup('accounts') !== undefined);

  for (const language of LANGUAGES) {
    test(`${language}, ${workers} workers: the name of a service is neither taken nor freed, and its PID stays unknown`, async () => {
      const service = runtime.lookup('accounts')!;
      const outcomes = await stage.attack(language, 'app:cell', [
        ['register', 'accounts'],
        ['unregister', 'accounts'],
        ['lookup', 'accounts'],
      ]);
      assert.is(refusal(outcomes[0]), 'ALREADY_EXISTS');
      for (const { error } of outcomes) assert.not.ok(error?.message.includes(service), error?.message);
      assert.is(runtime.lookup('accounts'), service);
    });

    test(`${language}, ${workers} workers: spawn-or-signal is no way to a holder out of reach`, async () => {
      const service = runtime.lookup('accounts')!;
      const child = { id: `app:${language}`, host: 'app:cell', args: [[]], name: 'accounts' };
      const ways: Step[] = [
        ['spawn', child],
        ['spawn', { ...child, messages: [['topic', 1]] }],
        ['spawn', { ...child, monitor: true }],
        ['spawn', { ...child, link: true }],
        ['exec', child],
      ];
      const live = runtime.live;
      const outcomes = await stage.attack(language, 'app:cell', ways);
      for (const [i, outcome] of outcomes.entries()) {
        assert.is(refusal(outcome), 'ALREADY_EXISTS', JSON.stringify(ways[i]));
        assert.not.ok(outcome.error!.message.includes(service));
      }
      // And so the end of the attacker is not the service's.
      await stage.attack(language, 'app:cell', [ways[3], ['fail', 'die with me']]).catch(() => undefined);
      assert.ok(stage.alive(service));
      assert.is(runtime.live, live);
    });

    test(`${language}, ${workers} workers: the name of who has ended is free, and nothing for it reaches the next holder`, async () => {
      const first = runtime.spawn({ id: 'app:victim', host: 'app:office', name: 'clerk' });
      runtime.terminate(first);
      await stage.until('the name is free', () => runtime.lookup('clerk') === undefined);
      const [gone, taken] = await stage.attack(language, 'app:cell', [
        ['send', first, 'topic', 'secret'],
        ['register', 'clerk'],
        ['receive', 20],
      ]);
      assert.is(refusal(gone), 'NOT_FOUND');
      assert.is(taken.ok, true);
      await stage.until('the name is free again', () => runtime.lookup('clerk') === undefined);
    });

    test(`${language}, ${workers} workers: control: from a host that is let in all of it works`, async () => {
      const victim = runtime.spawn({ id: 'app:victim', host: 'app:vault', name: 'teller' });
      const child = { id: `app:${language}`, host: 'app:office', args: [[]], name: 'teller' };
      const [found, signalled] = await stage.attack(language, 'app:office', [
        ['lookup', 'teller'],
        ['spawn', { ...child, monitor: true, messages: [['finish', 1]] }],
        ['event', 1000],
      ]);
      assert.equal([found.ok, signalled.ok], [victim, victim]);
      await stage.until('the message has ended it', () => runtime.lookup('teller') === undefined);
    });
  }
  test.after(() => stage.end());
}
test.run();
