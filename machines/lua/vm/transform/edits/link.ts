/**
 * Appends the functions of another module: a static linker for modules that consist of functions only. What it imports
 * as `lua.<name>` is what the Lua binary exports, or imports from `env`, under this name; its memory is Lua's.
 */
import { readLocals } from '../../../../wasm/binary/locals.ts';
import { Op } from '../../../../wasm/binary/opcodes.ts';
import { signed, unsigned } from '../assemble.ts';
import { check } from '../refusal.ts';
import type { WasmModule } from '../wasm_module.ts';
import type { Module } from '../../../../wasm/binary/module.ts';
import { decodeModule } from '../../../../wasm/binary/decode.ts';
import { decodeInstructions } from '../instruction.ts';

/** Where the Lua binary's own functions come from, in the other module's imports. */
const LUA = 'lua';

/** What no linked module may use: it belongs to module-wide things that are not merged. */
const REFUSED: ReadonlySet<number> = new Set([
  Op.CallIndirect,
  Op.GlobalGet,
  Op.GlobalSet,
  Op.TableGet,
  Op.TableSet,
  Op.RefFunc,
]);

/** Answers the new indices of the functions that `bytes` exports. Each is exported by the whole as `prefix` + name. */
export function linkModule(target: WasmModule, bytes: Uint8Array, prefix: string): Map<string, number> {
  const added = decodeModule(bytes);
  check(added.globals.length === 0, 'the module to be linked has globals');
  check(added.data.length === 0, 'the module to be linked has data');
  check(added.start === undefined, 'the module to be linked has a start function');
  check(
    added.elements.every(segment => segment.functions?.length === 0),
    'the module to be linked has functions in tables',
  );
  const base = target.functionCount - added.importedFunctions;
  const indices = [
    ...importedIndices(target, added),
    ...added.bodies.map((_, i) => base + added.importedFunctions + i),
  ];
  added.bodies.forEach((body, i) => {
    const type = added.types[added.functions[added.importedFunctions + i]];
    target.addBody(target.addType(type), relocated(target, added, body, indices));
  });
  const exports = new Map<string, number>();
  for (const { name, kind, index } of added.exports) {
    if (kind !== 'function') continue;
    exports.set(name, indices[index]);
    target.exportFunction(prefix + name, indices[index]);
  }
  return exports;
}

function importedIndices(target: WasmModule, added: Module): number[] {
  return added.imports
    .filter(entry => entry.kind === 'function')
    .map(entry => {
      check(entry.module === LUA, `the module to be linked imports "${entry.module}.${entry.name}"`);
      return target.exports.get(entry.name) ?? target.imported('env', entry.name);
    });
}

/** A body with its calls, and the types of its blocks, renumbered. */
function relocated(
  target: WasmModule,
  added: Module,
  body: { readonly start: number; readonly end: number },
  indices: readonly number[],
): Uint8Array {
  const { bytes } = added;
  const first = readLocals(bytes, body, []);
  const out: number[] = [...bytes.subarray(body.start, first)];
  for (const { op, value, start, end } of decodeInstructions(bytes, first, body.end)) {
    check(!REFUSED.has(op), `the module to be linked uses the instruction 0x${op.toString(16)}`);
    if (op === Op.Call) {
      out.push(Op.Call, ...unsigned(indices[value]));
      continue;
    }
    const typed = (op === Op.Block || op === Op.Loop || op === Op.If) && value >= 0;
    if (typed) out.push(op, ...signed(target.addType(added.types[value])));
    else out.push(...bytes.subarray(start, end));
  }
  return Uint8Array.from(out);
}
