/** Errors as values: what is kept as they go through WebAssembly, from and to Lua and TypeScript (semantics section 5). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TroupeError } from '../../runtime/errors.ts';
import { failure, run, start, wat } from './start.ts';

const test = suite('wasm errors');

const PROGRAM = `
  import { call, ErrorKind, exec, Kind, lastError, receive, self, send, Value, wrap } from "troupe";

  export function source(): void { self.fail("deep down", ErrorKind.RATE_LIMITED, 1, Value.map().set("n", 7)); }

  function below(id: string): Value {
    const given = exec(id);
    assert(given === null);
    return lastError();
  }

  /** On top of an error of another language, which gets more of a message and is otherwise as it was. */
  export function on_lua(): void { self.failWith(wrap(below("in_lua"), "on top")); }
  export function on_ts(): void { self.failWith(wrap(below("in_ts"), "on top")); }
  export function on_wasm(): void { self.failWith(wrap(wrap(below("source"), "middle"), "top")); }

  /** An error is a payload as any other. */
  export function sent(): void {
    send(self.pid, "failed", below("in_lua"));
    const error = receive().payload;
    const made = Value.error("made here", "CONFLICT", 0, Value.map().set("list", [1, 2]));
    send(self.pid, "failed", made);
    const own = receive().payload;
    self.exit(Value.list([
      Value.of(error.kind == Kind.Error), error.get("message"), error.get("kind"), error.get("retryable"), error.get("details"),
      Value.of(error.get("stack").asString().includes("in_lua")), own, Value.of(own.has("stack")),
    ]));
  }
`;

const runtime = await start(
  [
    '{name: on_wasm, kind: function.wasm, language: assemblyscript, source: file://program.ts, method: on_wasm}',
    '{name: source, kind: function.wasm, language: assemblyscript, source: file://program.ts, method: source}',
    '{name: in_lua, kind: function.lua, source: file://in_lua.lua}',
    '{name: through_lua, kind: function.lua, modules: [funcs], source: file://through.lua}',
    '{name: in_ts, kind: process.ts, source: file://in_ts.ts}',
    '{name: plain, kind: process.wasm, source: file://plain.wasm}',
  ],
  {
    'program.ts': PROGRAM,
    'in_lua.lua': `return function()
      return nil, errors.new({message = "no luck", kind = errors.CONFLICT, retryable = false, details = {why = "test"}})
    end`,
    'through.lua': 'return function() return require("funcs").call("app:on_wasm") end',
    'in_ts.ts': `import { defineProcess, TroupeError } from 'troupe/sdk';
      export default defineProcess(function* () {
        throw new TroupeError('no luck', { kind: 'UNAVAILABLE', retryable: true, details: { host: 'h1' } });
      });`,
    'plain.wasm': wat(`(module
      (import "troupe:process" "fail_with" (func $fail_with (param i32 i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\81\\a1a\\01\\c7\\0c\\01\\81\\a7message\\a2no")
      (func (export "main") (param $at i32) (param $length i32) (call $fail_with (local.get $at) (local.get $length))))`),
  },
);
test.after(() => runtime.stop());

const broken = (name: string, method?: string): Promise<TroupeError> => failure(run(runtime, name, [], { method }));

test('fail says where: the stack has its functions', async () => {
  const error = await broken('source');
  assert.equal(
    [error.message, error.kind, error.retryable, error.details],
    ['deep down', 'RATE_LIMITED', true, { n: 7 }],
  );
  assert.match(error.stack!, /^fail: deep down\n +at program\/source /);
});

test('an error of Lua, of TypeScript and of WebAssembly keeps all that it was on its way up', async () => {
  const lua = await broken('on_wasm', 'on_lua');
  assert.equal(
    [lua.message, lua.kind, lua.retryable, lua.details?.why],
    ['on top: no luck', 'CONFLICT', false, 'test'],
  );
  assert.match(lua.stack!, 'in_lua');
  const ts = await broken('on_wasm', 'on_ts');
  assert.equal([ts.message, ts.kind, ts.retryable, ts.details?.host], ['on top: no luck', 'UNAVAILABLE', true, 'h1']);
  const wasm = await broken('on_wasm');
  assert.equal([wasm.message, wasm.kind, wasm.details], ['top: middle: deep down', 'RATE_LIMITED', { n: 7 }]);
  assert.match(wasm.stack!, 'at program/source');
});

test('and through Lua on top of that', async () => {
  const error = await broken('through_lua');
  assert.equal([error.message, error.kind, error.retryable], ['top: middle: deep down', 'RATE_LIMITED', true]);
  assert.match(error.stack!, 'at program/source');
});

test('errors as payloads of messages', async () => {
  const seen = (await run(runtime, 'on_wasm', [], { method: 'sent' })) as unknown[];
  assert.equal(seen.slice(0, 6), [true, 'no luck', 'CONFLICT', false, { why: 'test' }, true]);
  const own = seen[6] as TroupeError;
  assert.equal([own.message, own.kind, own.retryable, own.details], ['made here', 'CONFLICT', false, { list: [1, 2] }]);
  assert.is(seen[7], false);
});

test('fail_with of what is no error ends with what was wrong', async () => {
  const outcome = (...args: number[]) => failure(run(runtime, 'plain', args));
  assert.match((await outcome(0, 4)).message, 'the error of fail_with: an error');
  assert.match((await outcome(0, 0)).message, 'the error of fail_with: an error');
  assert.match((await outcome(0, 3)).message, 'is not one MessagePack value');
  assert.match((await outcome(-1, 9)).message, 'is not inside the memory');
  const given = await outcome(4, 15);
  assert.equal([given.message, given.kind, given.retryable], ['no', 'UNKNOWN', undefined]);
});

test.run();
