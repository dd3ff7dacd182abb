/** Memory without end: each process has so much, and what does not fit ends it and nobody else. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wat } from '../wasm/start.ts';
import { Stage } from './stage.ts';

const test = suite('attack: memory bombs');

const LUA: { readonly [name: string]: string } = {
  table: 'local t = {} while true do t[#t + 1] = {} end',
  text: 'local s = "x" while true do s = s .. s end',
  repeated: 'return string.rep("x", 1 << 30)',
  formatted: 'local t = {} for i = 1, 1e9 do t[i] = string.format("%99d", i) end',
  closures: 'local t = {} for i = 1, 1e9 do t[i] = function() return i end end',
  coroutines: 'local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) end',
  paths: 'while true do coroutine.spawn(function() process.inbox():receive() end) end',
  channels: 'local t = {} for i = 1, 1e9 do t[i] = channel.new(1000) end',
  stack: 'local function f() return 1 + f() end return f()',
  packed:
    'return table.concat(setmetatable({}, {__len = function() return 1 << 40 end, __index = function() return "xxxx" end}))',
  decoded: 'return json.decode("[" .. string.rep("[],", 1e6) .. "[]]")',
};

const WASM: { readonly [name: string]: string } = {
  grown:
    '(module (memory (export "memory") 1) (func (export "main") (loop $l (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable)) br $l)))',
  stack: '(module (memory (export "memory") 1) (func $f (export "main") (call $f)))',
};

const lua = Object.entries(LUA).map(
  ([name, body]) => [`lua_${name}`, `local json = require("json") return function() ${body} end`] as const,
);
const wasm = Object.entries(WASM).map(([name, text]) => [`wasm_${name}`, wat(text)] as const);
const stage = await Stage.start({
  entries: [
    '{name: h, kind: process.host, limits: {memory: 8MiB}, allow_untrusted_ts: true}',
    '{name: large, kind: process.host, limits: {memory: 64MiB}}',
    ...lua.map(([name]) => `{name: ${name}, kind: process.lua, modules: [json], source: "file://${name}.lua"}`),
    ...wasm.map(([name]) => `{name: ${name}, kind: process.wasm, source: "file://${name}.wasm"}`),
    '{name: witness, kind: process.lua, source: "return function() local t = {} for i = 1, 1000 do t[i] = i end process.inbox():receive() return #t end"}',
    '{name: much, kind: process.lua, source: "return function() return #string.rep([[x]], 20 << 20) end"}',
  ],
  files: {
    ...Object.fromEntries(lua.map(([name, text]) => [`${name}.lua`, text])),
    ...Object.fromEntries(wasm.map(([name, bytes]) => [`${name}.wasm`, bytes])),
  },
});
const { runtime } = stage;

for (const name of [...lua, ...wasm].map(([name]) => name)) {
  test(`${name}: it ends with an error, and who lives beside it keeps what it has`, async () => {
    const witness = runtime.exec({ id: 'app:witness', host: 'app:h', name: 'witness' });
    const error = await runtime.exec({ id: `app:${name}`, host: 'app:h' }).then(
      value => assert.unreachable(String(value)),
      thrown => thrown,
    );
    assert.match(
      error.message,
      /not enough memory|too large|stack overflow|unreachable|too many|call stack|too complex|"limits.memory"|more frames|runs too long/,
    );
    runtime.send('witness', 'go on', 1);
    assert.is(await witness, 1000);
  });
}

test('control: what fits the host with more memory runs there, and not here', async () => {
  assert.is(await runtime.exec({ id: 'app:much', host: 'app:large' }), 20 << 20);
  assert.match(
    await runtime.exec({ id: 'app:much', host: 'app:h' }).catch(error => error.message),
    'not enough memory',
  );
});

test.after(() => stage.end());
test.run();
