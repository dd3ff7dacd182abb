/** `limits.memory` of a host holds for each of its processes; the others do not notice. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TroupeError } from '../../runtime/errors.ts';
import { deploy } from '../deploy.ts';

const test = suite('limits.memory');

const YAML = `namespace: m
entries:
  - {name: small, kind: process.host, limits: {memory: 2MiB}}
  - {name: large, kind: process.host}
  - {name: hoard, kind: process.lua, source: "file://hoard.lua"}
  - {name: grow, kind: function.wat, method: grow, wit: "grow: func(pages: s32) -> s32", source: "(module (memory (export \\"memory\\") 1) (func (export \\"grow\\") (param i32) (result i32) (memory.grow (local.get 0))))"}
`;
const HOARD = `return function(kilobytes)
  local kept = {}
  for i = 1, kilobytes do kept[i] = string.rep(string.char(65 + i % 26), 1024) .. i end
  return #kept
end
`;
const files = { 'm.yaml': YAML, 'hoard.lua': HOARD };

test('a Lua process that wants more gets an error, its neighbours go on', async () => {
  const runtime = await deploy(files);
  const run = (kilobytes: number, host: string) => runtime.exec({ id: 'm:hoard', host, args: [kilobytes] });
  assert.is(await run(500, 'm:small'), 500);
  await run(5_000, 'm:small').then(
    () => assert.unreachable('it got more than its limit'),
    (error: TroupeError) => assert.match(error.message, /not enough memory/),
  );
  assert.is(await run(5_000, 'm:large'), 5_000);
  assert.is(await run(500, 'm:small'), 500);
  await runtime.stop();
});

test('the memory of a WebAssembly process does not grow beyond it', async () => {
  const runtime = await deploy(files);
  const grow = (pages: number, host: string) => runtime.exec({ id: 'm:grow', host, args: [pages] });
  assert.is(await grow(8, 'm:small'), 1);
  assert.is(await grow(1_000, 'm:small'), -1);
  assert.is(await grow(1_000, 'm:large'), 1);
  await runtime.stop();
});

test.run();
