/** Small modules that would take much time or memory to load: they are refused, or it is in proportion to their size. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeModule } from '../../machines/wasm/binary/decode.ts';
import { describeModule } from '../../machines/wasm/binary/inspect.ts';
import { SectionId } from '../../machines/wasm/binary/module.ts';
import { Op } from '../../machines/wasm/binary/opcodes.ts';
import { ValueType } from '../../machines/wasm/binary/value_type.ts';
import { Writer } from '../../machines/wasm/binary/writer.ts';
import { runnableForm } from '../../machines/wasm/form.ts';

const test = suite('wasm load bounds');

const MIB = 2 ** 20;
const VOID = 0x40;

type Write = (out: Writer, index: number) => void;

/** A module of these sections, each a list. */
function moduleOf(...sections: readonly (readonly [id: number, count: number, item: Write])[]): Uint8Array {
  const out = new Writer(MIB);
  out.raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  for (const [id, count, item] of sections) {
    const content = new Writer(MIB);
    content.unsigned(count);
    for (let i = 0; i < count; i++) item(content, i);
    out.section(id, content);
  }
  const bytes = out.finish();
  assert.ok(WebAssembly.validate(bytes), 'it is a module');
  return bytes;
}

/** Functions without parameters and results. */
function functionsOf(count: number, body: (out: Writer) => void): Uint8Array {
  return moduleOf(
    [SectionId.Type, 1, out => out.raw([0x60, 0, 0])],
    [SectionId.Function, count, out => out.unsigned(0)],
    [SectionId.Table, 1, out => write(out, [ValueType.FuncRef, 0], [count])],
    [SectionId.Export, 1, out => exported(out, 'main')],
    [SectionId.Element, 1, out => write(out, [0, Op.I32Const, 0, Op.End], [count, ...Array(count).keys()])],
    [SectionId.Code, count, out => sized(out, body)],
  );
}

function write(out: Writer, bytes: readonly number[], numbers: Iterable<number>): void {
  out.raw(bytes);
  for (const number of numbers) out.unsigned(number);
}

/** Function 0 under this name. */
function exported(out: Writer, name: string): void {
  out.name(name);
  out.raw([0, 0]);
}

function sized(out: Writer, write: (body: Writer) => void): void {
  const body = new Writer(64);
  write(body);
  body.byte(Op.End);
  out.unsigned(body.length);
  out.append(body);
}

function times(count: number, write: () => void): void {
  for (let i = 0; i < count; i++) write();
}

/** Why the transform refuses it, in the mode that writes most. */
function refusal(bytes: Uint8Array): string | undefined {
  return runnableForm(bytes, 'resume').form.unstoppable;
}

test('functions that all call one another through a table', () => {
  const bytes = functionsOf(150_000, out => out.raw([0, Op.I32Const, 0, Op.CallIndirect, 0, 0]));
  const { form, bytes: made } = runnableForm(bytes, 'kill');
  assert.is(form.unstoppable, undefined);
  assert.ok(WebAssembly.validate(made));
});

test('branch tables in a function with many locals', () => {
  const bytes = functionsOf(1, out => {
    out.byte(1);
    out.unsigned(49_000);
    out.raw([ValueType.I32, Op.Loop, VOID]);
    times(40, () => {
      out.raw([Op.Block, VOID, Op.I32Const, 0, Op.BrTable]);
      out.unsigned(65_000);
      times(65_001, () => out.byte(0));
      out.byte(Op.End);
    });
    out.byte(Op.End);
  });
  assert.match(refusal(bytes)!, /too many local variables/);
});

test('operands that wait beneath thousands of blocks', () => {
  const bytes = functionsOf(1, out => {
    out.byte(0);
    times(60_000, () => out.raw([Op.I32Const, 0]));
    times(20_000, () => out.raw([Op.Loop, VOID, Op.End]));
    times(60_000, () => out.byte(Op.Drop));
  });
  assert.match(refusal(bytes)!, /too many operands/);
  // Many functions, each of which would do.
  const many = functionsOf(40, out => {
    out.byte(0);
    times(1000, () => out.raw([Op.I32Const, 0]));
    out.raw([Op.Block, VOID]);
    times(1000, () => out.raw([Op.Loop, VOID, Op.End]));
    out.byte(Op.End);
    times(1000, () => out.byte(Op.Drop));
  });
  assert.match(refusal(many)!, /too many operands/);
});

test('thousands of loops in hundreds of nested ones', () => {
  const bytes = functionsOf(30, out => {
    out.byte(0);
    times(490, () => out.raw([Op.Loop, VOID]));
    times(9000, () => out.raw([Op.Loop, VOID, Op.End]));
    times(490, () => out.byte(Op.End));
  });
  assert.match(refusal(bytes)!, /become too large/);
});

test('exports of functions with a thousand parameters', () => {
  const before = process.memoryUsage().rss;
  const bytes = moduleOf(
    [
      SectionId.Type,
      1,
      out => {
        out.byte(0x60);
        out.unsigned(1000);
        times(1000, () => out.byte(ValueType.F64));
        out.byte(0);
      },
    ],
    [SectionId.Function, 1, out => out.unsigned(0)],
    [SectionId.Export, 100_000, (out, i) => exported(out, `e${i}`)],
    [SectionId.Code, 1, out => sized(out, body => body.byte(0))],
  );
  const { exports } = describeModule(decodeModule(bytes));
  assert.is(exports.length, 100_000);
  assert.is(exports[99_999].type!.params.length, 1000);
  assert.ok(process.memoryUsage().rss - before < 200 * MIB, 'less than 200 MiB');
});

test('functions with a thousand results', () => {
  const bytes = moduleOf(
    [
      SectionId.Type,
      2,
      (out, i) => {
        out.byte(0x60);
        out.byte(0);
        out.unsigned(i * 1000);
        times(i * 1000, () => out.byte(ValueType.F64));
      },
    ],
    [SectionId.Function, 50_000, out => out.unsigned(1)],
    [SectionId.Export, 1, out => exported(out, 'main')],
    [SectionId.Code, 50_000, out => sized(out, body => body.raw([0, Op.Loop, VOID, Op.End, Op.Unreachable]))],
  );
  assert.match(refusal(bytes)!, /become too large/);
});

test.run();
