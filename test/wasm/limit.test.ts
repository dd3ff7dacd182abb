/** The memory limit of a host, which `load` reads from the import table. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import { BareProcess } from '../bare_process.ts';
import { loadWasm, prepareWasm, wasmEntry } from './load_program.ts';
import { failure, wat } from './start.ts';

const test = suite('wasm limit');

/** Pages that the program could take one by one when it may have `memory` bytes. */
async function pagesWith(memory: number | undefined, text: string): Promise<Payload> {
  const entry = wasmEntry(wat(text));
  const process = BareProcess.begin(loadWasm(entry, await prepareWasm(entry), { memory })).run();
  process.machine.close();
  return process.value;
}

const GREEDY = (limits: string) => `(module (memory (export "memory") ${limits})
  (func (export "main") (result i32) (loop (br_if 0 (i32.and
    (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (i32.lt_u (memory.size) (i32.const 40)))))
  (memory.size)))`;

test('a program cannot take more than its host gives', async () => {
  assert.is(await pagesWith(undefined, GREEDY('1')), 40);
  assert.is(await pagesWith(5 * 65_536 + 100, GREEDY('1')), 5);
  assert.is(await pagesWith(20 * 65_536, GREEDY('1 3')), 3, 'its own maximum is lower');
});

test('a trap that comes of it says so', async () => {
  const entry = wasmEntry(`
    export function main(): i32 {
      const kept = new Array<Uint8Array>();
      for (let i = 0; i < 1000; i++) kept.push(new Uint8Array(100000));
      return kept.length;
    }`);
  const process = BareProcess.begin(loadWasm(entry, await prepareWasm(entry), { memory: 1 << 20 })).run();
  process.machine.close();
  assert.is(process.error?.kind, 'INTERNAL');
  assert.match(
    process.error!.message,
    /^unreachable \(before that, memory\.grow was refused at [\d.]+MiB: the limit is "limits\.memory" of its host, 1MiB\)$/,
  );
  assert.match(process.error!.stack!, /at .*main/);
});

test('tables are memory of the host: they do not grow without bounds', async () => {
  const growing = await pagesWith(
    undefined,
    `(module (table $t 10 funcref) (memory (export "memory") 1) (func (export "main") (result i32)
      (drop (table.grow $t (ref.null func) (i32.const 190000)))
      (drop (table.grow $t (ref.null func) (i32.const 1000000)))
      (table.size $t)))`,
  );
  assert.is(growing, 190_010);
  const large = wat('(module (table 10000000 funcref) (func (export "main")))');
  const error = await failure(prepareWasm(wasmEntry(large)));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, /a table of 10000000 entries, but only 200000 are allowed/);
});

test('many tables have together what one may have', async () => {
  const tables = (count: number, size: number) => {
    const list = Array.from({ length: count }, (_, i) => `(table $t${i} ${size} funcref)`).join('');
    const grown = Array.from(
      { length: count },
      (_, i) => `(drop (table.grow $t${i} (ref.null func) (i32.const 60000)))`,
    );
    const sum = Array.from({ length: count }, (_, i) => `(table.size $t${i})${i > 0 ? 'i32.add' : ''}`).join(' ');
    return `(module ${list} (func (export "main") (result i32) ${grown.join('')} ${sum}))`;
  };
  assert.is(await pagesWith(undefined, tables(3, 10)), 3 * 60_010, 'as many as there are, each');
  assert.is(await pagesWith(undefined, tables(5, 10)), 5 * 10, 'a fifth of the 200 000 is less than 60 000');
  const error = await failure(prepareWasm(wasmEntry(wat(tables(5, 50_000)))));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, /5 tables of 250000 entries, but only 200000 are allowed/);
});

test('one that needs more than that to begin is refused', async () => {
  const error = await failure(pagesWith(65_536, GREEDY('2')));
  assert.instance(error, TroupeError);
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, 'app:m: this WebAssembly module needs 2 pages');
  assert.is(error.place, 'app.yaml:1:1');
});

test.run();
