/** What is installed is the bundle, and only the command line's tests see it besides this one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeDeployment } from '../deploy.ts';

const test = suite('the bundle');

const { startDeployment, TroupeError } = (await import(
  new URL('../../bundle/embed.js', import.meta.url).href
)) as typeof import('../../sdk/embed/index.ts');

/** AssemblyScript that no cache knows: its compiler is a thread of the bundle, too. */
const FILES = {
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: lua, kind: function.lua, source: "return function(n) return n + 1 end"}
  - {name: as, kind: function.wasm, language: assemblyscript, source: "export function main(n: i32): i32 { return n + 2; } // ${process.pid}"}
  - {name: wat, kind: function.wat, source: '(module (func (export "main") (param i32) (result i32) (i32.add (local.get 0) (i32.const 3))))'}
  - {name: ts, kind: function.ts, source: file://programs.ts, method: add}
  - {name: machine, kind: process.xstate, source: file://machine.ts}
  - {name: fails, kind: function.ts, source: file://programs.ts, method: fails}
  - {name: hangs, kind: process.ts, source: file://programs.ts, method: hangs}
  - {name: sends, kind: process.ts, source: file://programs.ts, method: sends}
`,
  'programs.ts': `import { defineFunction, defineProcess, TroupeError } from 'troupe/sdk';
export const add = defineFunction((self, n: number) => n + 4);
export const fails = defineFunction(() => { throw new TroupeError('no luck', { kind: 'CONFLICT' }); });
export const hangs = defineProcess(function* () {
  for (let i = 0; ; i++) if (i < 0) break;
});
export const sends = defineProcess(function* (self) {
  for (;;) self.send('nobody.has.this.name', 'x', { a: [1, 2, { b: 'c' }] });
});
`,
  'machine.ts': `import { setup } from 'xstate';
export default setup({}).createMachine({ initial: 'a', output: 5, states: { a: { type: 'final' } } });
`,
};

async function errorOf(work: Promise<unknown>): Promise<InstanceType<typeof TroupeError>> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, TroupeError);
    return error as InstanceType<typeof TroupeError>;
  }
  throw new Error('it did not fail');
}

for (const workers of [0, 1]) {
  test(`every language, ${workers === 0 ? 'on the main thread' : 'on a worker'}`, async () => {
    const runtime = await startDeployment(writeDeployment(FILES), { workers, watchdog: 1_500 });
    const exec = (id: string, ...args: number[]) => runtime.exec({ id, host: 'app:host', args });
    const results = await Promise.all(['app:lua', 'app:as', 'app:wat', 'app:ts'].map(id => exec(id, 10)));
    assert.equal(results, [11, 12, 13, 14]);
    assert.is(await exec('app:machine'), 5);
    const failed = await errorOf(exec('app:fails'));
    assert.is(failed.kind, 'CONFLICT');
    assert.match(failed.place ?? '', /^programs\.ts:3:/);
    if (workers > 0) {
      // Which frames are the program's, and which the kernel's own, is known in the bundle as well.
      for (const [id, place] of [
        ['app:hangs', /^programs\.ts:5:/],
        ['app:sends', /^programs\.ts:8:/],
      ] as const) {
        const error = await errorOf(exec(id));
        assert.is(error.kind, 'TIMEOUT', error.message);
        assert.match(error.place ?? '', place);
      }
      assert.is(await exec('app:lua', 1), 2, 'its thread goes on');
    }
    await runtime.stop();
  });
}

test.run();
