import type { Module } from '../binary/module.ts';
import { valueBytes, ValueType } from '../binary/value_type.ts';
import type { CodeFacts } from './scan.ts';

/** What a process of this module loses when it is suspended or moved, or can do to its thread; in sentences. */
export function warningsFor(module: Module, facts: CodeFacts, suspendable: boolean): string[] {
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
  if (suspendable && (module.tables.some(table => table.imported) || module.exports.some(e => e.kind === 'table'))) {
    warnings.push(
      'A table is imported or exported: functions that the host puts into it cannot wait, and functions that the host ' +
        'takes from it and calls itself cannot be suspended.',
    );
  }
  if (module.memories[0]?.limits.shared) {
    warnings.push('Its memory is shared: only one thread at a time may use it, and only its driver may grow it.');
  }
  if (facts.waitsAtomically) warnings.push('It uses memory.atomic.wait, which stops the whole thread.');
  module.globals.forEach((global, index) => {
    if (!global.mutable) return;
    if (valueBytes(global.type) === 0)
      warnings.push(`Its mutable global ${index} holds a reference, which cannot be moved.`);
    else if (global.type === ValueType.V128) {
      warnings.push(`Its mutable global ${index} is a v128, which the host cannot read: it cannot be moved.`);
    }
  });
  return warnings;
}
