import { Instructions } from '../binary/instructions.ts';
import type { Module } from '../binary/module.ts';
import { EFFECT_UNKNOWN, effectOf, effectPops, effectPushes, isBulkWork, Op } from '../binary/opcodes.ts';
import { Unsupported } from '../binary/unsupported.ts';
import type { FunctionType } from '../binary/value_type.ts';
import type { Suspendability } from './call_graph.ts';
import type { TypeTable } from './type_table.ts';

/** Bits of `FlatCode.flags`. */
export const Flag = {
  /** A block, loop or if with a target inside. */
  Contains: 1,
  /** A place to come back to: a call that can suspend, or a loop that contains one or is checked for fuel. */
  Target: 2,
  /** An `else` or `end` that the code before it never reaches. */
  DeadBefore: 4,
  /** A block, loop or if in which something else than the checks of loops changes the fuel. */
  Spends: 8,
} as const;

const MAX_OPERANDS = 65_000;
/** Types of operands that are remembered for one function: a few bytes of code can leave thousands of operands at every block. */
const MAX_REMEMBERED = 2 ** 24;

/** A structure that is open while the code is read. */
class Frame {
  readonly op: number;
  readonly at: number;
  /** Operands below its parameters. */
  readonly height: number;
  readonly type: FunctionType;
  contains = false;
  spends = false;

  constructor(op: number, at: number, height: number, type: FunctionType) {
    this.op = op;
    this.at = at;
    this.height = height;
    this.type = type;
  }
}

/**
 * One function as flat arrays, one element an instruction, with the types of the operand stack at the places that
 * matter. Unreachable instructions are left out, so that there is no polymorphic stack to handle afterwards. Used again
 * for each function: nothing of it may be kept.
 *
 * The code must have passed validation.
 */
export class FlatCode {
  readonly #module: Module;
  readonly #types: TypeTable;
  readonly #suspendability: Suspendability;
  /** Whether every loop is a target. */
  readonly #checkLoops: boolean;
  readonly #code: Instructions;

  /** Number of instructions. */
  length = 0;
  op = new Uint8Array(4096);
  flags = new Uint8Array(4096);
  first = new Int32Array(4096);
  number = new Int32Array(4096);
  /** Byte range in the module. */
  start = new Int32Array(4096);
  end = new Int32Array(4096);
  /** Structures: their `end`. `else` and `end`: their structure, -1 for the function's. */
  match = new Int32Array(4096);
  /** `if`: its `else`, or -1. */
  otherwise = new Int32Array(4096);
  /** Operands before the instruction (for `if` without the condition). */
  height = new Int32Array(4096);
  /** Structures and targets: operands below the innermost structure that surrounds them. */
  base = new Int32Array(4096);
  /** Structures and targets: where the types of their operands begin in `operandTypes`. */
  shape = new Int32Array(4096);
  operandTypes = new Uint8Array(4096);
  /** Labels of the branch tables; `first` is the index. */
  readonly labels: Uint32Array[] = [];
  /** How many labels these are in all. */
  labelCount = 0;
  /** Blocks, loops and ifs. */
  structures = 0;
  targets = 0;
  #shapes = 0;

  readonly #stack = new Uint8Array(MAX_OPERANDS + 1024);
  #height = 0;
  readonly #frames: Frame[] = [];

  constructor(module: Module, types: TypeTable, suspendability: Suspendability, checkLoops: boolean) {
    this.#module = module;
    this.#types = types;
    this.#suspendability = suspendability;
    this.#checkLoops = checkLoops;
    this.#code = new Instructions(module.bytes);
  }

  /** Type of the operand at `height` before the structure or target `at`. */
  operandType(at: number, height: number): number {
    return this.operandTypes[this.shape[at] + height];
  }

  /** How many operands stand at all structures and targets together. */
  get remembered(): number {
    return this.#shapes;
  }

  /** Operands that a call takes, the table index of an indirect one included. */
  callOperands(at: number): number {
    const count = this.callType(at).params.length;
    return this.op[at] === Op.Call ? count : count + 1;
  }

  callType(at: number): FunctionType {
    const { types, functions } = this.#module;
    return types[this.op[at] === Op.Call ? functions[this.first[at]] : this.first[at]];
  }

  blockType(at: number): FunctionType {
    return this.#types.block(this.first[at]);
  }

  /**
   * @param start offset of the first instruction
   * @param locals types of parameters and locals
   */
  read(start: number, end: number, type: FunctionType, locals: readonly number[]): void {
    this.length = 0;
    this.targets = 0;
    this.labels.length = 0;
    this.labelCount = 0;
    this.structures = 0;
    this.#shapes = 0;
    this.#height = 0;
    this.#frames.length = 0;
    this.#frames.push(new Frame(Op.Block, -1, 0, { params: [], results: type.results }));
    const code = this.#code;
    code.open(start, end);
    let dead = false;
    /** Structures that began in dead code. */
    let nested = 0;
    while (code.next()) {
      const op = code.op;
      if (dead) {
        if (op === Op.Block || op === Op.Loop || op === Op.If) nested++;
        if (nested > 0) {
          if (op === Op.End) nested--;
          continue;
        }
        if (op !== Op.End && op !== Op.Else) continue;
      }
      const at = this.#append(op);
      if (dead) this.flags[at] = Flag.DeadBefore;
      dead = this.#instruction(at, op, locals);
      if (this.#height >= MAX_OPERANDS) {
        throw new Unsupported(`more than ${MAX_OPERANDS} operands`, 'Split the expression.', { offset: code.start });
      }
    }
  }

  #append(op: number): number {
    if (this.length === this.op.length) this.#grow();
    const at = this.length++;
    const code = this.#code;
    this.op[at] = op;
    this.flags[at] = 0;
    this.first[at] = code.first;
    this.number[at] = code.number;
    this.start[at] = code.start;
    this.end[at] = code.end;
    this.height[at] = this.#height;
    return at;
  }

  #grow(): void {
    const bytes = (old: Uint8Array) => {
      const larger = new Uint8Array(old.length * 2);
      larger.set(old);
      return larger;
    };
    const words = (old: Int32Array) => {
      const larger = new Int32Array(old.length * 2);
      larger.set(old);
      return larger;
    };
    this.op = bytes(this.op);
    this.flags = bytes(this.flags);
    this.first = words(this.first);
    this.number = words(this.number);
    this.start = words(this.start);
    this.end = words(this.end);
    this.match = words(this.match);
    this.otherwise = words(this.otherwise);
    this.height = words(this.height);
    this.base = words(this.base);
    this.shape = words(this.shape);
  }

  /** Note the innermost structure and the operand types at a structure or target. */
  #remember(at: number): void {
    const height = this.#height;
    this.base[at] = this.#frames[this.#frames.length - 1].height;
    this.shape[at] = this.#shapes;
    if (this.#shapes + height > MAX_REMEMBERED) {
      const offset = this.start[at];
      throw new Unsupported('too many operands at too many blocks', 'Keep values in local variables.', { offset });
    }
    if (this.#shapes + height > this.operandTypes.length) {
      const larger = new Uint8Array(Math.max(this.operandTypes.length * 2, this.#shapes + height));
      larger.set(this.operandTypes);
      this.operandTypes = larger;
    }
    for (let i = 0; i < height; i++) this.operandTypes[this.#shapes++] = this.#stack[i];
  }

  #target(at: number): void {
    this.targets++;
    this.flags[at] |= Flag.Target;
    for (let k = this.#frames.length - 1; k >= 0 && !this.#frames[k].contains; k--) {
      this.#frames[k].contains = true;
      if (this.#frames[k].at >= 0) this.flags[this.#frames[k].at] |= Flag.Contains;
    }
  }

  #spend(): void {
    for (let k = this.#frames.length - 1; k >= 0 && !this.#frames[k].spends; k--) {
      this.#frames[k].spends = true;
      if (this.#frames[k].at >= 0) this.flags[this.#frames[k].at] |= Flag.Spends;
    }
  }

  #push(type: number): void {
    this.#stack[this.#height++] = type;
  }

  #pushAll(types: readonly number[]): void {
    for (let i = 0; i < types.length; i++) this.#stack[this.#height++] = types[i];
  }

  /** Apply one instruction; answers whether what follows is dead. */
  #instruction(at: number, op: number, locals: readonly number[]): boolean {
    switch (op) {
      case Op.LocalGet:
        this.#push(locals[this.first[at]]);
        return false;
      case Op.LocalSet:
      case Op.GlobalSet:
      case Op.BrIf:
        this.#height--;
        return false;
      case Op.LocalTee:
        return false;
      case Op.GlobalGet:
        this.#push(this.#module.globals[this.first[at]].type);
        return false;
      case Op.Block:
      case Op.Loop:
      case Op.If:
        this.#open(at, op);
        return false;
      case Op.Else:
        this.#startElse(at);
        return false;
      case Op.End:
        this.#close(at);
        return false;
      case Op.BrTable:
        this.first[at] = this.labels.push(this.#code.labels) - 1;
        this.labelCount += this.#code.labels.length;
        return true;
      case Op.Br:
      case Op.Return:
      case Op.Unreachable:
        return true;
      case Op.Call:
        if (this.#suspendability.changesFuel[this.first[at]]) this.#spend();
        this.#call(at, this.#suspendability.functions[this.first[at]] === 1);
        return false;
      case Op.CallIndirect:
        if (this.#suspendability.fuelChangingTypes[this.#types.canonical(this.first[at])]) this.#spend();
        this.#call(at, this.#suspendability.types[this.#types.canonical(this.first[at])] === 1);
        return false;
      case Op.Select:
        this.#height -= 2;
        return false;
      case Op.SelectTyped:
        this.#height -= 3;
        this.#push(this.first[at]);
        return false;
      case Op.TableGet:
        this.#height--;
        this.#push(this.#module.tables[this.first[at]].type);
        return false;
      case Op.TableSet:
        this.#height -= 2;
        return false;
      case Op.RefNull:
        this.#push(this.first[at]);
        return false;
      default: {
        if (op === Op.MemoryGrow || (op === Op.PrefixBulk && isBulkWork(this.number[at]))) this.#spend();
        const effect = effectOf(op, this.number[at]);
        if (effect === EFFECT_UNKNOWN) {
          throw new Unsupported('an unknown instruction', 'Compile it for core WebAssembly 2.0.', {
            offset: this.start[at],
          });
        }
        this.#height -= effectPops(effect);
        if (effectPushes(effect) !== 0) this.#push(effectPushes(effect));
        return false;
      }
    }
  }

  #open(at: number, op: number): void {
    if (op === Op.If) this.#height--;
    const type = this.#types.block(this.first[at]);
    this.height[at] = this.#height;
    this.#remember(at);
    this.otherwise[at] = -1;
    this.structures++;
    this.#frames.push(new Frame(op, at, this.#height - type.params.length, type));
    if (op === Op.Loop && this.#checkLoops) this.#target(at);
  }

  #startElse(at: number): void {
    const frame = this.#frames[this.#frames.length - 1];
    this.otherwise[frame.at] = at;
    this.match[at] = frame.at;
    this.#height = frame.height;
    this.#pushAll(frame.type.params);
  }

  #close(at: number): void {
    const frame = this.#frames.pop()!;
    this.#height = frame.height;
    this.#pushAll(frame.type.results);
    this.match[at] = frame.at;
    if (frame.at < 0) return;
    this.match[frame.at] = at;
    if (frame.contains && frame.op === Op.Loop) this.flags[frame.at] |= Flag.Target;
  }

  #call(at: number, suspends: boolean): void {
    if (suspends) {
      this.#remember(at);
      this.#target(at);
    }
    const type = this.callType(at);
    this.#height -= this.callOperands(at);
    this.#pushAll(type.results);
  }
}
