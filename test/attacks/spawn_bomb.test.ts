/** Processes without end: by spawning, by spawning what spawns, by functions. Each host has room for so many. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, refusal, Stage, VICTIM } from './stage.ts';

const test = suite('attack: a spawn bomb');

const stage = await Stage.start({
  entries: [
    '{name: cell, kind: process.host, allow_untrusted_ts: true, host: {max_processes: 50}}',
    '{name: contained, kind: process.host, capabilities: {time: {}, ctx: {}, funcs: {}}, allow_untrusted_ts: true}',
    '{name: office, kind: process.host}',
    VICTIM,
    // Each calls itself twice, and stays.
    `{name: fork, kind: function.lua, modules: [funcs], source: "local funcs = require('funcs') return function() funcs.async('app:fork') funcs.call('app:fork') process.inbox():receive() end"}`,
    `{name: chain, kind: function.lua, modules: [funcs], source: "return function(n) if n > 0 then return require('funcs').call('app:chain', n - 1) end process.inbox():receive() end"}`,
    `{name: brood, kind: process.lua, source: "return function() while process.spawn('app:brood', 'app:cell') do end process.inbox():receive() end"}`,
    `{name: answer, kind: function.lua, source: 'return function() return 42 end'}`,
  ],
});
const { runtime } = stage;

async function endAll(): Promise<void> {
  // Those that are ended make room for others to be born.
  await stage.until('all have ended', () => {
    for (const { pid } of [...runtime.scheduler.table.all()]) if (pid !== runtime.pid) runtime.terminate(pid);
    return runtime.live === 0;
  });
}

for (const language of LANGUAGES) {
  test(`${language}: a host has room for so many, the next is refused, and other hosts have theirs`, async () => {
    const [bomb, other] = await stage.attack(language, 'app:cell', [
      ['repeat', 200, ['spawn', { id: 'app:victim', host: 'app:cell' }]],
      ['spawn', { id: 'app:victim', host: 'app:office' }],
    ]);
    assert.equal([bomb.ok.done, bomb.ok.error.kind], [49, 'RATE_LIMITED']);
    assert.is(runtime.send(other.ok, 'hello', null), undefined);
    await endAll();
  });

  test(`${language}: a host with capabilities that says nothing has room for 10 000`, async () => {
    const [bomb] = await stage.attack(language, 'app:contained', [
      ['repeat', 10_010, ['spawn', { id: 'app:victim', host: 'app:contained' }]],
    ]);
    assert.equal([bomb.ok.done, bomb.ok.error.kind], [9_999, 'RATE_LIMITED']);
    await endAll();
  });
}

test('what spawns itself again and again fills its own host only', async () => {
  runtime.spawn({ id: 'app:brood', host: 'app:cell' });
  await stage.until('the host is full', () => runtime.live >= 50);
  assert.is(
    refusal(await stage.try('lua', 'app:office', 'spawn', { id: 'app:victim', host: 'app:cell' })),
    'RATE_LIMITED',
  );
  assert.is(runtime.live, 50);
  await endAll();
});

test('functions that call themselves fill the built-in host only, and can be ended', async () => {
  const bomb = runtime.exec({ id: 'app:fork', call: true }).catch(error => error.kind);
  await stage.until('the host is full', () => runtime.live >= 10_000);
  assert.is((await stage.try('lua', 'app:office', 'spawn', { id: 'app:victim', host: 'app:office' })).error, undefined);
  await endAll();
  assert.type(await bomb, 'string');
});

test('a chain of thousands of calls that is cancelled takes nobody along', async () => {
  const top = runtime.spawn({ id: 'app:chain', host: 'app:office', args: [9_000] });
  await stage.until('all of them wait', () => runtime.live === 9_001);
  assert.is(runtime.cancel(top, 'enough'), undefined);
  assert.is(await runtime.exec({ id: 'app:answer', call: true }), 42);
  await endAll();
});

test('control: after each of these there is room again', async () => {
  assert.is(await runtime.exec({ id: 'app:answer', call: true }), 42);
  const [fits] = await stage.attack('lua', 'app:cell', [
    ['repeat', 49, ['spawn', { id: 'app:victim', host: 'app:cell' }]],
  ]);
  assert.is(fits.ok.done, 49);
  await endAll();
});

test.after(() => stage.end());
test.run();
