/** Upgrades that fail, from every language and style: the process ends with "upgrade: ...", everybody is told, nothing stays. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wat } from '../wasm/start.ts';
import { Journey, PLACES, type Style, stylesOn } from './journey.ts';

const SDK = `import { defineProcess } from 'troupe/sdk';\n`;
const FILES = {
  'unloadable.ts': `${SDK}export default defineProcess(function* () {});\nthrow new Error('not today');`,
  'throws.ts': `${SDK}export default defineProcess(function* () { throw new Error('worn out'); });`,
  'throws_handlers.ts': `${SDK}export default defineProcess({ init() { throw new Error('worn out'); } });`,
  'throws_machine.ts': `import { createMachine } from 'xstate';
    export default createMachine({ context: () => { throw new Error('worn out'); } });`,
  'traps.wasm': wat('(module (memory (export "memory") 1) (func (export "main") unreachable))'),
  'greedy.wasm': wat('(module (memory (export "memory") 1) (func $again (export "main") (call $again)))'),
};
const ENTRIES = [
  '{name: library, kind: library.lua, source: "return {}"}',
  '{name: policy, kind: security.policy, policy: {actions: "*", resources: "*", effect: allow}}',
  '{name: wants_fs, kind: process.lua, modules: [fs], source: "return function() end"}',
  '{name: wants_fs_ts, kind: process.ts, imports: [fs], source: file://generator.ts}',
  '{name: unloadable, kind: process.ts, source: file://unloadable.ts}',
  '{name: raises, kind: process.lua, source: "error([[worn out]])"}',
  '{name: raises_later, kind: process.lua, source: "return function() error({code = 7}) end"}',
  '{name: no_method, kind: process.lua, source: "return {other = function() end}"}',
  '{name: gives_up, kind: process.lua, source: "return function() return nil, errors.new{message = [[worn out]], kind = [[CONFLICT]], retryable = true, details = {left = 1}} end"}',
  '{name: throws, kind: process.ts, source: file://throws.ts}',
  '{name: throws_handlers, kind: process.ts, source: file://throws_handlers.ts}',
  '{name: throws_machine, kind: process.xstate, source: file://throws_machine.ts}',
  '{name: traps, kind: process.wasm, source: file://traps.wasm}',
  '{name: greedy, kind: process.wasm, source: file://greedy.wasm}',
];
/** Entry to become -> how the process ends. */
const FAILURES: readonly (readonly [id: string, kind: string, text: RegExp])[] = [
  ['u:nowhere', 'NOT_FOUND', /^upgrade: .*u:nowhere/],
  ['nowhere', 'NOT_FOUND', /^upgrade: .*u:nowhere/],
  ['u:library', 'INVALID', /^upgrade: .*library\.lua/],
  ['u:host', 'INVALID', /^upgrade: .*process\.host/],
  ['u:policy', 'INVALID', /^upgrade: .*security\.policy/],
  ['u:wants_fs', 'PERMISSION_DENIED', /^upgrade: .*"fs", which host "u:host" does not grant/],
  ['u:wants_fs_ts', 'PERMISSION_DENIED', /^upgrade: .*"fs", which host "u:host" does not grant/],
  ['u:unloadable', 'UNKNOWN', /^upgrade: .*not today/],
  ['u:raises', 'UNKNOWN', /^upgrade: .*worn out/],
  ['u:raises_later', 'UNKNOWN', /^upgrade: /],
  ['u:no_method', 'INVALID', /^upgrade: .*main/],
  ['u:gives_up', 'CONFLICT', /^upgrade: worn out$/],
  ['u:throws', 'UNKNOWN', /^upgrade: worn out$/],
  ['u:throws_handlers', 'UNKNOWN', /^upgrade: worn out$/],
  ['u:throws_machine', 'UNKNOWN', /^upgrade: worn out$/],
  ['u:traps', 'INTERNAL', /^upgrade: .*unreachable/],
  ['u:greedy', 'INTERNAL', /^upgrade: .*stack/],
];

for (const { name, trusted, options } of PLACES) {
  const test = suite(`failed upgrades: ${name}`);
  let journey: Journey;
  let serial = 0;

  test.before(async () => {
    const trust = trusted ? 'trusted: true' : 'allow_untrusted_ts: true';
    const office = `{name: office, kind: process.host, ${trust}, capabilities: {fs: {root: .}, time: {}}}`;
    const start = { trusted, threads: options, entries: [office, ...ENTRIES], files: FILES };
    journey = await Journey.start({ ...start, host: 'capabilities: {time: {}}' }).catch(error => {
      process.stderr.write(`${error}\n`);
      throw error;
    });
  });
  test.after(async () => {
    await journey?.runtime.stop();
  });

  async function fails(style: Style, id: string) {
    const { runtime } = journey;
    const [own, mate] = [`own ${++serial}`, `mate ${serial}`];
    const linked = runtime.watch({ id: 'u:waiter', host: 'u:host', args: [mate] });
    const traveller = journey.begin(style);
    traveller.tell('register', own);
    traveller.tell('link', linked.pid);
    traveller.tell('begin', { name: `child ${serial}`, milliseconds: 3_600_000 });
    traveller.tell('become', id);
    traveller.tell('add', 'never read');
    const { result } = await traveller.exit;
    assert.match(String((await linked.exit).result?.error?.message), `linked process failed: ${traveller.pid}`);
    assert.is(runtime.send(traveller.pid, 'add', 1)?.kind, 'NOT_FOUND');
    await journey.until('its name is free', () => runtime.lookup(own) === undefined);
    return result!.error!;
  }

  for (const style of stylesOn(trusted)) {
    test(`${style}: what is missing, not allowed, broken or fails at once`, async () => {
      const armed = journey.runtime.scheduler.wheel.armed;
      for (const [id, kind, text] of FAILURES) {
        const error = await fails(style, id);
        assert.match(error.message, text, id);
        assert.is(error.kind, kind, id);
        if (id === 'u:gives_up') assert.equal([error.retryable, error.details], [true, { left: 1 }]);
      }
      assert.ok(await journey.runtime.drained(20_000), `${journey.runtime.live} processes live on`);
      // Of each, one timer is left, which would end the child that was cancelled; the old code's own are gone.
      assert.ok(journey.runtime.scheduler.wheel.armed - armed <= FAILURES.length);
    });

    test(`${style}: hundreds of times, and then one that works`, async () => {
      for (let i = 0; i < 300; i++) {
        const traveller = journey.begin(style);
        traveller.tell('become', FAILURES[i % FAILURES.length][0]);
        const { result } = await traveller.exit;
        assert.match(result?.error?.message ?? '', /^upgrade: /);
      }
      const traveller = journey.begin(style);
      traveller.become('lua');
      assert.is((await traveller.told()).id, 'u:lua');
      traveller.tell('end');
      await traveller.exit;
    });
  }

  test('what fails later is no failure of the upgrade', async () => {
    const killed = journey.begin('ts');
    killed.become('wasm');
    await killed.told();
    journey.runtime.terminate(killed.pid);
    assert.is((await killed.exit).result?.error?.message, 'process terminated');
    const failed = journey.begin('ts');
    failed.become('lua');
    await failed.told();
    failed.tell('begin', null);
    assert.match((await failed.exit).result?.error?.message ?? '', /^attempt to index/);
  });

  test.run();
}
