/**
 * Spawn, crash, exit, over and over: the memory at the end is the memory at the beginning, in every language. The number
 * of cycles grows with TROUPE_SOAK.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy } from '../deploy.ts';

const test = suite('spawn, crash, exit');
const factor = Number(process.env.TROUPE_SOAK) || 1;
const CYCLES = 2_000 * factor;
const ALLOWANCE = 1 << 20;

const YAML = `namespace: s
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: ts, kind: process.ts, source: "file://a.ts"}
  - {name: lua, kind: process.lua, source: "file://a.lua"}
  - {name: wasm, kind: process.wasm, language: assemblyscript, source: "file://a.as.ts"}
  - {name: xstate, kind: process.xstate, source: "file://machine.ts"}
`;

const FILES = {
  's.yaml': YAML,
  'a.ts': `import { defineProcess } from 'troupe/sdk';
export default defineProcess<[boolean]>(function* (self, crash) {
  self.registry.register('name of ' + self.pid);
  if (crash) throw new Error('crash');
  return new Array(100).fill('x');
});`,
  'a.lua': `return function(crash)
  process.registry.register("name of " .. process.pid())
  local t = {}
  for i = 1, 100 do t[i] = "x" .. i end
  if crash then error("crash") end
  return t
end`,
  'a.as.ts': `import { registry, self } from 'troupe';
export function main(): void {
  registry.register('name of ' + self.pid);
  const list = new Array<i32>();
  for (let i = 0; i < 100; i++) list.push(i);
  if (self.args[0].asBool()) throw new Error('crash');
  self.exit(list.length);
}`,
  'machine.ts': `import { setup } from 'xstate';
export default setup({
  types: {} as { input: boolean; context: { crash: boolean } },
  actions: { crash: ({ context }) => { if (context.crash) throw new Error('crash'); } },
}).createMachine({
  context: ({ input }) => ({ crash: input }),
  initial: 'done',
  states: { done: { type: 'final', entry: 'crash' } },
  output: 1,
});`,
};

async function cycles(runtime: Runtime, id: string, count: number): Promise<void> {
  let crashed = 0;
  const BATCH = 100;
  for (let done = 0; done < count; done += BATCH) {
    const runs = Array.from({ length: BATCH }, (_, i) => runtime.exec({ id, args: [i % 2 === 0] }));
    for (const result of await Promise.allSettled(runs)) if (result.status === 'rejected') crashed++;
  }
  assert.is(crashed, count / 2, 'every second one crashes');
}

async function memory(runtime: Runtime): Promise<number> {
  for (let i = 0; i < 4; i++) {
    await runtime.wait(10);
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

for (const language of ['ts', 'lua', 'wasm', 'xstate']) {
  test(`${language}: ${CYCLES} cycles leave nothing behind`, async () => {
    const runtime = await deploy(FILES);
    try {
      // The first cycles make caches, templates and pools, which stay.
      await cycles(runtime, `s:${language}`, 1_000);
      const before = await memory(runtime);
      await cycles(runtime, `s:${language}`, CYCLES);
      const grown = (await memory(runtime)) - before;
      assert.is(runtime.live, 0);
      // Memory of wasm grows by pages and heaps breathe: a fixed allowance for that, and next to nothing a cycle. One
      // process left behind in each cycle would be ten times as much.
      assert.ok(grown < ALLOWANCE + 50 * CYCLES, `${Math.round(grown / 1024)} KiB stay behind`);
    } finally {
      await runtime.stop();
    }
  });
}

test.run();
