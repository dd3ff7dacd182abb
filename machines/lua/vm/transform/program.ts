import { Op } from '../../../wasm/binary/opcodes.ts';
import { FunctionCode } from './function_code.ts';
import { check } from './refusal.ts';
import type { WasmModule } from './wasm_module.ts';

/** The functions of a module and who calls whom: what the anchors are looked for in. */
export class Program {
  readonly module: WasmModule;
  readonly #code = new Map<number, FunctionCode>();
  #callers: Map<number, Set<number>> | undefined;

  constructor(module: WasmModule) {
    this.module = module;
  }

  code(fn: number): FunctionCode {
    let code = this.#code.get(fn);
    if (code === undefined) this.#code.set(fn, (code = new FunctionCode(this.module, fn)));
    return code;
  }

  /** The code of the function exported as `name`. */
  exported(name: string): FunctionCode {
    return this.code(this.module.exported(name));
  }

  /** The functions that call `fn` directly. */
  callers(fn: number): readonly number[] {
    if (this.#callers === undefined) {
      const callers = new Map<number, Set<number>>();
      for (const caller of this.module.functions) {
        for (const callee of this.callees(caller)) {
          const known = callers.get(callee);
          if (known === undefined) callers.set(callee, new Set([caller]));
          else known.add(caller);
        }
      }
      this.#callers = callers;
    }
    return [...(this.#callers.get(fn) ?? [])];
  }

  /** The functions that `fn` calls directly. */
  callees(fn: number): Set<number> {
    return new Set(this.module.instructions(fn).flatMap(({ op, value }) => (op === Op.Call ? [value] : [])));
  }

  /** The function in a slot of the table, with the type that is expected there. */
  slot(slot: number, signature: string, what: string): number {
    const fn = this.module.slots.get(slot);
    check(fn !== undefined, `${what}: table slot ${slot} is empty`);
    this.expect(fn, signature, what);
    return fn;
  }

  expect(fn: number, signature: string, what: string): void {
    const found = this.module.signature(fn);
    check(found === signature, `${what}: function ${fn} has the type ${found}, not ${signature}`);
  }

  /** Functions in which `i32.const value` stands. */
  usersOfConstant(value: number): number[] {
    return this.module.functions.filter(fn =>
      this.module.instructions(fn).some(instruction => instruction.op === Op.I32Const && instruction.value === value),
    );
  }
}
