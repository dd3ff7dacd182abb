/** One of several processes of `cache.test.ts` that load the same programs at the same moment: when this file appears. */
import { existsSync } from 'node:fs';
import { wat, run, start } from './start.ts';

const work = Array.from(
  { length: 300 },
  (_, index) => `(func $f${index} (param i32) (result i32)
    (loop $again (br_if $again (i32.eqz (local.get 0))))
    (i32.add (local.get 0) (i32.const ${index})))`,
).join('\n');
const module = (value: number) =>
  wat(`(module ${work} (func (export "main") (result i32) (i32.mul (i32.const ${value}) (i32.const 42))))`);
const entry = (name: string) => `{name: ${name}, kind: process.wasm, source: "file://${name}.wasm"}`;
const files = { 'one.wasm': module(1), 'two.wasm': module(41) };

process.stdout.write('ready\n');
while (!existsSync(process.argv[2])) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
const runtime = await start([entry('one'), entry('two')], files);
const sum = Number(await run(runtime, 'one')) + Number(await run(runtime, 'two'));
await runtime.stop();
process.stdout.write(`${sum}\n`);
