import type { Module } from '../binary/module.ts';
import { valueBytes, ValueType } from '../binary/value_type.ts';
import { MAX_GLOBAL_BYTES } from './control.ts';
import type { CodeFacts } from './scan.ts';

/** What a process of this module loses when it is suspended or moved, or can do to its thread; in sentences. */
export function warningsFor(module: Module, facts: CodeFacts, suspendable: boolean, globalBytes: number): string[] {
  const warnings: string[] = [];
  if (facts.mutatesTable) {
    warnings.push(
      'It changes a table at run time: tables do not move with a suspended process, and a suspended indirect call ' +
        'whose entry is replaced traps when it is resumed.',
    );
  }
  if (facts.dropsSegments) {
    warnings.push('It drops data or element segments: in a process that was moved they are there again.');
  }
  if (suspendable && handsOutFunctions(module)) {
    warnings.push(
      'It shares a table or function references with the host: functions that the host puts there cannot wait, and ' +
        'functions that the host takes from there and calls itself cannot be suspended.',
    );
  }
  if (module.memories[0]?.limits.shared) {
    warnings.push('Its memory is shared: only one thread at a time may use it, and only its driver may grow it.');
  }
  if (facts.waitsAtomically) warnings.push('It uses memory.atomic.wait, which stops the whole thread.');
  module.globals.forEach((global, index) => {
    if (!global.mutable) return;
    if (valueBytes(global.type) === 0) {
      warnings.push(`Its mutable global ${index} holds a reference, which cannot be moved.`);
    }
  });
  if (globalBytes > MAX_GLOBAL_BYTES) {
    warnings.push(`Its mutable globals take ${globalBytes} bytes; more than ${MAX_GLOBAL_BYTES} cannot be moved.`);
  }
  return warnings;
}

/** Whether the host can get hold of functions otherwise than as exports. */
function handsOutFunctions(module: Module): boolean {
  if (module.tables.some(table => table.imported) || module.exports.some(entry => entry.kind === 'table')) return true;
  const imports = module.imports.filter(entry => entry.kind === 'function');
  const exports = module.exports.filter(entry => entry.kind === 'function');
  const typeOf = (index: number) => module.types[module.functions[index]];
  return (
    imports.some(entry => typeOf(entry.index).params.includes(ValueType.FuncRef)) ||
    exports.some(entry => typeOf(entry.index).results.includes(ValueType.FuncRef))
  );
}
