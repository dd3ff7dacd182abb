/** The memory limit of a host, which `load` reads from the import table. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wasmMachine } from '../../machines/wasm/wasm_machine.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Entry, EventQueue, ImportTable, Payload, StepOutput } from '../../runtime/machine.ts';
import { failure, wat } from './start.ts';

const test = suite('wasm limit');

const place = { file: 'app.yaml', line: 1, column: 1 };

function entryOf(bytes: Uint8Array): Entry {
  return {
    id: 'app:m',
    namespace: 'app',
    name: 'm',
    kind: 'process.wasm',
    meta: {},
    place,
    source: { bytes, path: undefined, name: 'm.wasm', place, sha256: '' },
    method: 'main',
    wants: [],
    libraries: {},
    data: {},
  };
}

/** Pages that the program could take one by one when it may have `memory` bytes. */
async function pagesWith(memory: number | undefined, text: string): Promise<Payload> {
  const entry = entryOf(wat(text));
  const artifact = await wasmMachine.prepare(entry, { entry: () => undefined, root: '.', trusted: false });
  const imports = { host: 'app:h', trusted: false, names: [], has: () => false, get: () => undefined, memory };
  const machine = wasmMachine.load(entry, artifact, imports as ImportTable).create();
  machine.init('main', []);
  let result: Payload;
  const events = { answer: () => undefined } as unknown as EventQueue;
  const out = {
    complete(value: Payload) {
      result = value;
    },
  } as StepOutput;
  machine.step(events, out);
  machine.close();
  return result;
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

test('one that needs more than that to begin is refused', async () => {
  const error = await failure(pagesWith(65_536, GREEDY('2')));
  assert.instance(error, TroupeError);
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, 'app:m: this WebAssembly module needs 2 pages');
  assert.is(error.place, 'app.yaml:1:1');
});

test.run();
