import { Instructions } from '../binary/instructions.ts';
import { skipLocals } from '../binary/locals.ts';
import type { Module } from '../binary/module.ts';
import type { FunctionNames } from '../binary/names.ts';
import { Atomic, Bulk, Op } from '../binary/opcodes.ts';
import { Unsupported } from '../binary/unsupported.ts';
import type { TypeTable } from './type_table.ts';

const NONE: readonly number[] = [];

/** What one pass over all bodies finds. Arrays are indexed by function, imported ones first. */
export class CodeFacts {
  /** Functions called directly, once for each call. */
  readonly calls: (readonly number[])[];
  /** Canonical types of indirect calls, once for each call. */
  readonly indirectCalls: (readonly number[])[];
  readonly hasLoop: Uint8Array;
  /** Number of instructions. */
  readonly sizes: Int32Array;
  /** Has instructions that mean something else in a suspendable module; see `substitution.ts`. */
  readonly needsPatch: Uint8Array;
  /** Functions that `ref.func` names in code. */
  readonly referenced = new Set<number>();
  /** Functions that a table or a reference may hold. */
  readonly addressTaken = new Set<number>();
  mutatesTable = false;
  dropsSegments = false;
  waitsAtomically = false;

  constructor(functions: number) {
    this.calls = new Array(functions).fill(NONE);
    this.indirectCalls = new Array(functions).fill(NONE);
    this.hasLoop = new Uint8Array(functions);
    this.sizes = new Int32Array(functions);
    this.needsPatch = new Uint8Array(functions);
  }
}

/** Walk every body once. Throws `Unsupported` for instructions outside of core WebAssembly 2.0. */
export function scanCode(module: Module, types: TypeTable, names: FunctionNames): CodeFacts {
  const count = module.functions.length;
  const facts = new CodeFacts(count);
  const scanner = new BodyScanner(module, types, facts);
  for (let index = module.importedFunctions; index < count; index++) {
    try {
      scanner.scan(index);
    } catch (error) {
      if (!(error instanceof Unsupported) || error.functionIndex !== undefined) throw error;
      // What was refused is known, where it stands is known only here.
      throw new Unsupported(error.reason, error.advice, {
        offset: error.offset,
        functionIndex: index,
        functionName: names.get(index),
      });
    }
  }
  for (const segment of module.elements) {
    for (const index of segment.functions ?? NONE) facts.addressTaken.add(index);
    for (const expression of segment.expressions ?? []) {
      for (const use of expression.functions) facts.addressTaken.add(use.index);
    }
  }
  for (const global of module.globals) {
    for (const use of global.initial?.functions ?? []) facts.addressTaken.add(use.index);
  }
  return facts;
}

class BodyScanner {
  readonly #module: Module;
  readonly #types: TypeTable;
  readonly #facts: CodeFacts;
  readonly #instructions: Instructions;

  constructor(module: Module, types: TypeTable, facts: CodeFacts) {
    this.#module = module;
    this.#types = types;
    this.#facts = facts;
    this.#instructions = new Instructions(module.bytes);
  }

  scan(index: number): void {
    const { bytes, functions, types, bodies, importedFunctions } = this.#module;
    const facts = this.#facts;
    const code = this.#instructions;
    const body = bodies[index - importedFunctions];
    code.open(skipLocals(bytes, body, types[functions[index]].params.length), body.end);
    const calls: number[] = [];
    const indirect: number[] = [];
    let size = 0;
    while (code.next()) {
      size++;
      switch (code.op) {
        case Op.Call:
          // An index that does not exist is left to the validation that follows.
          if (code.first < functions.length) calls.push(code.first);
          break;
        case Op.CallIndirect:
          if (code.first < this.#types.original) indirect.push(this.#types.canonical(code.first));
          break;
        case Op.Loop:
          facts.hasLoop[index] = 1;
          break;
        case Op.MemorySize:
        case Op.MemoryGrow:
          facts.needsPatch[index] = 1;
          break;
        case Op.RefFunc:
          facts.needsPatch[index] = 1;
          if (code.first >= functions.length) break;
          facts.referenced.add(code.first);
          facts.addressTaken.add(code.first);
          break;
        case Op.TableSet:
          facts.mutatesTable = true;
          break;
        case Op.PrefixBulk:
          if (this.#bulk(code.number)) facts.needsPatch[index] = 1;
          break;
        case Op.PrefixAtomic:
          if (code.number === Atomic.Wait32 || code.number === Atomic.Wait64) facts.waitsAtomically = true;
          break;
      }
    }
    facts.sizes[index] = size;
    if (calls.length > 0) facts.calls[index] = calls;
    if (indirect.length > 0) facts.indirectCalls[index] = indirect;
  }

  /** Whether the instruction takes time in proportion to an operand. */
  #bulk(number: number): boolean {
    switch (number) {
      case Bulk.TableInit:
      case Bulk.TableCopy:
      case Bulk.TableGrow:
      case Bulk.TableFill:
        this.#facts.mutatesTable = true;
        return true;
      case Bulk.MemoryInit:
      case Bulk.MemoryCopy:
      case Bulk.MemoryFill:
        return true;
      case Bulk.DataDrop:
      case Bulk.ElemDrop:
        this.#facts.dropsSegments = true;
        return false;
      default:
        return false;
    }
  }
}
