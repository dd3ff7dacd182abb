/**
 * Processes that compute for ever, in their own code and in what the host does for them. Others have their turns meanwhile: each
 * hog runs beside one that needs several, on one thread.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wat } from '../wasm/start.ts';
import { Stage } from './stage.ts';

const test = suite('attack: hogs');

/** Bodies in Lua that never end; `many` is a long text. */
const LUA: { readonly [name: string]: string } = {
  loop: 'while true do end',
  recursion: 'local function f(n) return f(n + 1) end f(0)',
  protected: 'while true do pcall(function() while true do end end) end',
  coroutines: 'while true do coroutine.wrap(function() while true do end end)() end',
  closing: 'while true do local x <close> = setmetatable({}, {__close = function() for i = 1, 1e4 do end end}) end',
  sorting:
    'local t = {} for i = 1, 1e4 do t[i] = i end while true do pcall(table.sort, t, function(a, b) return a < b end) end',
  patterns: 'while true do pcall(string.find, many, "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?$") end',
  matching: 'while true do many:gsub("a", "%0%0") end',
  repeating: 'while true do string.rep(many, 10) end',
  exhausting: 'local t = {} while true do pcall(function() while true do t[#t + 1] = string.rep("x", 1e6) end end) end',
  schemas: 'while true do json.validate({type = "string", pattern = "^(a+)+$"}, string.rep("a", 40) .. "b") end',
  encoding: 'local t = {} for i = 1, 20000 do t[i] = {i} end while true do json.decode(json.encode(t)) end',
  hashing: 'while true do hash.sha512(string.rep(many, 50)) end',
  expressions: 'local r = text.regexp.compile("(a*)*(a*)*(a*)*b") while true do r:match_string(many) end',
  listening:
    'for i = 1, 90000 do process.send(process.pid(), "x", i) end for i = 1, 1e9 do local c = process.listen("t" .. i) if c then process.unlisten(c) end end',
  names:
    'while true do process.registry.register("hog") process.registry.lookup("hog") process.registry.unregister("hog") end',
  sending: 'while true do process.send("nobody", "x", many) end',
  spawning: 'while true do process.spawn("app:idle", "app:few") end',
  logging: 'while true do logger:debug(many) end',
};

/** Module text of WebAssembly that never ends. */
const WASM: { readonly [name: string]: string } = {
  loop: '(module (memory (export "memory") 1) (func (export "main") (loop $l br $l)))',
  recursion:
    '(module (memory (export "memory") 1) (func $f (export "main") (loop $l (call $g) br $l)) (func $g (call $h)) (func $h))',
  calls: `(module (import "troupe:process" "lookup" (func $lookup (param i32 i32 i32 i32) (result i32))) (memory (export "memory") 1)
    (func (export "main") (loop $l (drop (call $lookup (i32.const 0) (i32.const 60000) (i32.const 0) (i32.const 0))) br $l)))`,
  filling:
    '(module (memory (export "memory") 16) (func (export "main") (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 1000000)) br $l)))',
};

const lua = Object.entries(LUA).map(
  ([name, body]) =>
    [
      `lua_${name}.lua`,
      `local json, hash, text, logger = require("json"), require("hash"), require("text"), require("logger")\nlocal many = string.rep("a", 5000)\nreturn function() ${body} end`,
    ] as const,
);
const wasm = Object.entries(WASM).map(([name, text]) => [`wasm_${name}.wasm`, wat(text)] as const);

const stage = await Stage.start({
  entries: [
    '{name: h, kind: process.host}',
    '{name: few, kind: process.host, host: {max_processes: 10}}',
    '{name: idle, kind: process.lua, source: "return function() process.events():receive() end"}',
    '{name: leaf, kind: process.lua, source: "return function() return 1 end"}',
    '{name: turns, kind: process.lua, source: "file://turns.lua"}',
    ...lua.map(
      ([file]) =>
        `{name: ${file.split('.')[0]}, kind: process.lua, modules: [json, hash, text, logger], source: "file://${file}"}`,
    ),
    ...wasm.map(([file]) => `{name: ${file.split('.')[0]}, kind: process.wasm, source: "file://${file}"}`),
  ],
  files: {
    ...Object.fromEntries([...lua, ...wasm]),
    // It waits for others again and again, each time for a turn of theirs and one of its own.
    'turns.lua': `return function(n)
      for i = 1, n do assert(process.exec("app:leaf", "app:h") == 1) end
      return n
    end`,
  },
});
const { runtime } = stage;
const TURNS = 5;

for (const hog of [...lua, ...wasm].map(([file]) => file.split('.')[0])) {
  test(`${hog}: others have their turns, and it can be ended`, async () => {
    const { pid, exit } = runtime.watch({ id: `app:${hog}`, host: 'app:h' });
    await runtime.wait(20);
    assert.is(await runtime.exec({ id: 'app:turns', host: 'app:h', args: [TURNS] }), TURNS);
    runtime.terminate(pid);
    const { result } = await exit;
    assert.ok(
      ['CANCELED', 'RATE_LIMITED', 'UNAVAILABLE', 'UNKNOWN'].includes(result!.error!.kind),
      result!.error!.message,
    );
  });
}

test('all of them at once', async () => {
  const hogs = [...lua, ...wasm].map(([file]) => runtime.spawn({ id: `app:${file.split('.')[0]}`, host: 'app:h' }));
  await runtime.wait(20);
  assert.is(await runtime.exec({ id: 'app:turns', host: 'app:h', args: [5] }), 5);
  for (const pid of hogs) runtime.terminate(pid);
});

test.after(() => stage.end());
test.run();
