/** A module of a size that compilers make of large programs. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SectionId } from '../../machines/wasm/binary/module.ts';
import { Op } from '../../machines/wasm/binary/opcodes.ts';
import { Writer } from '../../machines/wasm/binary/writer.ts';
import { failure, run, start } from './start.ts';

const test = suite('wasm large modules');

const FUNCTIONS = 100_000;
/** All count down in a loop and call the one before them; the last one calls none, the first one traps. */
const MAIN = FUNCTIONS - 1;

function largeModule(): Uint8Array {
  const out = new Writer(5 << 20);
  out.raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const section = (id: number, write: (content: Writer) => void): void => {
    const content = new Writer(1 << 20);
    write(content);
    out.section(id, content);
  };
  section(SectionId.Type, types => types.raw([1, 0x60, 1, 0x7f, 1, 0x7f]));
  section(SectionId.Function, functions => {
    functions.unsigned(FUNCTIONS);
    for (let i = 0; i < FUNCTIONS; i++) functions.unsigned(0);
  });
  section(SectionId.Export, exports => {
    exports.unsigned(2);
    for (const [name, index] of [
      ['main', MAIN],
      ['deep', 30],
    ] as const) {
      exports.name(name);
      exports.byte(0);
      exports.unsigned(index);
    }
  });
  section(SectionId.Code, code => {
    code.unsigned(FUNCTIONS);
    const body = new Writer(32);
    for (let i = 0; i < FUNCTIONS; i++) {
      body.clear();
      // No locals; counts its parameter down to 0.
      body.raw([0, Op.Loop, 0x40, Op.LocalGet, 0, Op.I32Const, 1, Op.I32Sub, Op.LocalTee, 0, Op.BrIf, 0, Op.End]);
      if (i === 0) body.byte(Op.Unreachable);
      else if (i === MAIN) body.raw([Op.LocalGet, 0]);
      else {
        body.raw([Op.I32Const, 1, Op.Call]);
        body.unsigned(i - 1);
      }
      body.byte(Op.End);
      code.unsigned(body.length);
      code.append(body);
    }
  });
  section(SectionId.Custom, custom => {
    custom.name('name');
    custom.byte(1);
    const names = new Writer(1 << 20);
    names.unsigned(FUNCTIONS);
    for (let i = 0; i < FUNCTIONS; i++) {
      names.unsigned(i);
      names.name(`function_number_${i}`);
    }
    custom.unsigned(names.length);
    custom.append(names);
  });
  return out.finish();
}

test('a module with 100 000 functions loads and runs, and a trap in it shows the names of its functions', async () => {
  const runtime = await start(
    [
      '{name: large, kind: process.wasm, source: file://large.wasm}',
      '{name: deep, kind: process.wasm, source: file://large.wasm, method: deep}',
    ],
    { 'large.wasm': largeModule() },
  );
  try {
    assert.is(await run(runtime, 'large', [1000]), 0);
    const { message, stack, place } = await failure(run(runtime, 'deep', [1]));
    assert.is(message, 'unreachable');
    assert.is(place, 'function_number_0');
    const lines = stack!.trim().split('\n').slice(1);
    assert.is(lines[0].trim(), 'at function_number_0 (wasm function 0)');
    assert.is(lines[7].trim(), 'at function_number_7 (wasm function 7)');
  } finally {
    await runtime.stop();
  }
});

test.run();
