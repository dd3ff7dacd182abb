/** What is armed, listened on and watched without end takes memory of the kernel, and has its bounds. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, refusal, Stage, VICTIM } from './stage.ts';

const test = suite('attack: bombs of timers, topics, monitors and links');

const stage = await Stage.start({
  entries: ['{name: h, kind: process.host, allow_untrusted_ts: true}', VICTIM],
});
const { runtime } = stage;

for (const language of LANGUAGES) {
  test(`${language}: a process listens on 10 000 topics`, async () => {
    const [bomb] = await stage.attack(language, 'app:h', [['repeat', 20_000, ['listen', 'topic #']]]);
    assert.equal([bomb.ok.done, bomb.ok.error.kind], [10_000, 'RATE_LIMITED']);
  });

  test(`${language}: a second monitor of the same process is none, and links are one`, async () => {
    const victim = runtime.spawn({ id: 'app:victim', host: 'app:h' });
    const [watched, linked] = await stage.attack(language, 'app:h', [
      ['repeat', 1000, ['monitor', victim]],
      ['repeat', 1000, ['link', victim]],
    ]);
    assert.equal([watched.ok.done, watched.ok.error.kind], [1, 'ALREADY_EXISTS']);
    assert.is(linked.ok.done, 1000);
    assert.ok(stage.alive(victim));
    runtime.terminate(victim);
  });

  test(`${language}: nobody watches or links itself, or who is not there`, async () => {
    const outcomes = await stage
      .attack(language, 'app:h', [['pid'], ['monitor', '$0'], ['link', '$0'], ['monitor', '{app:h|0xfffff}']])
      .then(all => all.slice(1).map(refusal));
    assert.ok(
      outcomes.every(kind => kind === 'INVALID' || kind === 'NOT_FOUND'),
      outcomes.join(' '),
    );
  });
}

test('wasm: a guest has 100 000 commands outstanding, and others have theirs', async () => {
  const [bomb] = await stage.attack('wasm', 'app:h', [['repeat', 100_010, ['timer', 3_600_000]]]);
  assert.equal([bomb.ok.done, bomb.ok.error.kind], [100_000, 'RATE_LIMITED']);
});

test('lua: timers are paid for with the memory of the process', async () => {
  const error = await stage.attack('lua', 'app:h', [['repeat', 10_000_000, ['timer', 3_600_000]]]).then(
    ([{ ok, error }]) => ok?.error ?? error,
    thrown => thrown,
  );
  assert.match(error.message, 'not enough memory');
});

test('what was armed is gone with its process', async () => {
  await stage.until('nobody lives', () => runtime.live === 0);
  assert.ok(runtime.scheduler.wheel.armed < 10, `${runtime.scheduler.wheel.armed} timers are armed`);
});

for (const language of LANGUAGES) {
  test(`${language}: control: timers, topics and monitors in numbers that programs use`, async () => {
    const victim = runtime.spawn({ id: 'app:victim', host: 'app:h' });
    const outcomes = await stage.attack(language, 'app:h', [
      ['repeat', 1000, ['timer', 3_600_000]],
      ['repeat', 1000, ['listen', 'topic #']],
      ['monitor', victim],
      ['send', victim, 'finish', 1],
      ['event', 5000],
    ]);
    assert.equal(
      outcomes.slice(0, 2).map(({ ok }) => ok.done),
      [1000, 1000],
    );
    assert.equal(outcomes[4].ok, { kind: 'pid.exit', from: victim });
  });
}
test.after(() => stage.end());
test.run();
