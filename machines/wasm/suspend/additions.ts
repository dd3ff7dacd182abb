/** What a suspendable module has more than the original: globals, functions, exports. Nothing that exists is renumbered. */
import type { Module } from '../binary/module.ts';
import { Op } from '../binary/opcodes.ts';
import { CodeWriter, declareLocals } from './code_writer.ts';
import { CONTROL_BYTES, PAGE_BYTES, State } from './control.ts';
import { OutputLimit } from './output_limit.ts';
import type { Preemption } from './preemption.ts';
import type { TypeTable } from './type_table.ts';

/** Indices of the added globals, all mutable i32. */
export interface AddedGlobals {
  /** A `State`. */
  readonly state: number;
  /** End of the saved stack, while the guest runs. */
  readonly top: number;
  /** Address of the area. */
  readonly control: number;
  /** Pages of the area. */
  readonly areaPages: number;
  /** Checks left. While frames are restored it is negative, so that the checks on the way lead to the dispatch. */
  readonly fuel: number;
}

const NO_ORIGIN = -1;

/** No locals; `unreachable`. */
const TRAP = Uint8Array.of(0, Op.Unreachable, Op.End);

export interface AddedFunction {
  readonly type: number;
  /** The function of the module that this one is a copy of, or -1. */
  readonly origin: number;
  /** Local declarations and code. */
  body: Uint8Array;
}

export class Additions {
  readonly module: Module;
  readonly types: TypeTable;
  readonly preempt: Preemption;
  /** Whether loops and recursion are checked. */
  readonly fuel: boolean;
  readonly globals: AddedGlobals;
  readonly globalCount: number;
  /** Pages that the module's own memory already begins with for the area. */
  readonly builtInPages: number;
  readonly functions: AddedFunction[] = [];
  /** Of all code that is written. */
  readonly output: OutputLimit;
  /** Blocking import -> the function that is called in its place. */
  readonly waits = new Map<number, number>();
  /** Function in two copies -> the one that is entered to be resumed. */
  readonly resumable = new Map<number, number>();
  /** The function that is called in place of `memory.grow`. */
  grow = -1;
  /** The function that makes room for a frame that does not fit the area. */
  extend = -1;
  /** `(n) -> n`, takes fuel for work in proportion to n; only with fuel. */
  charge = -1;
  /** The same for n entries of a table, and for what adds n; there where an instruction needs it. */
  tableCharge: number | undefined;
  tableGrowCharge: number | undefined;

  constructor(module: Module, types: TypeTable, preempt: Preemption, builtInPages: number) {
    this.module = module;
    this.types = types;
    this.preempt = preempt;
    this.fuel = preempt !== 'none';
    this.builtInPages = builtInPages;
    this.output = new OutputLimit(module.bytes.length);
    const first = module.globals.length;
    this.globals = { state: first, top: first + 1, control: first + 2, areaPages: first + 3, fuel: first + 4 };
    this.globalCount = this.fuel ? 5 : 4;
  }

  /** Initial values of the added globals, in the order of their indices. */
  get initialValues(): number[] {
    const { module, builtInPages } = this;
    const control = builtInPages === 0 ? 0 : (module.memories[0]?.limits.min ?? 0) * PAGE_BYTES;
    const values: number[] = [];
    values[this.globals.state - module.globals.length] = State.Normal;
    values[this.globals.control - module.globals.length] = control;
    values[this.globals.top - module.globals.length] = control + CONTROL_BYTES;
    values[this.globals.areaPages - module.globals.length] = builtInPages;
    if (this.fuel) values[this.globals.fuel - module.globals.length] = 0;
    return values;
  }

  /** What stands for `index` wherever it is called or referred to. */
  replacement(index: number): number {
    return this.waits.get(index) ?? index;
  }

  /**
   * Append a function; answers its index.
   *
   * @param locals types of its locals, which are numbered after the parameters
   * @param write writes the code without the final `end`
   */
  addFunction(type: number, locals: readonly number[], write: (code: CodeWriter) => void): number {
    const code = new CodeWriter(this.types, 128);
    declareLocals(code, locals, 0);
    write(code);
    code.close();
    this.output.take(code.length, {});
    this.functions.push({ type, origin: NO_ORIGIN, body: code.finish() });
    return this.module.functions.length + this.functions.length - 1;
  }

  /**
   * Reserve the index of a second copy of `origin`. Until `fillCopy` it traps; where nothing turns out to stop that
   * stays, and nobody calls it.
   */
  reserveCopy(origin: number): void {
    const added = { type: this.module.functions[origin], origin, body: TRAP };
    this.resumable.set(origin, this.module.functions.length + this.functions.push(added) - 1);
  }

  /** Give the second copy of `origin` its local declarations and code. */
  fillCopy(origin: number, body: Uint8Array): void {
    this.functions[this.resumable.get(origin)! - this.module.functions.length].body = body;
  }

  /** What is called to resume a frame of `index`. */
  resumption(index: number): number {
    return this.resumable.get(index) ?? this.replacement(index);
  }
}
