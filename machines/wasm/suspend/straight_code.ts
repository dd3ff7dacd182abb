/**
 * Writes a function's code as it stands, with what is needed put in between: checks of the fuel, other instructions for
 * some (see `substitution.ts`), and where it can be suspended the ways out, but none back in. All structures stay, so
 * all branches do. With a plan:
 *
 *     block $unwind
 *       block $function (results)
 *         <if rewinding, return what the copy that can be resumed returns>
 *         <the body; after a call that unwound: br $unwind>
 *       end
 *       return
 *     end
 *     <save the frame> <zeros for results>
 */
import { Op } from '../binary/opcodes.ts';
import { type FunctionType, ValueType } from '../binary/value_type.ts';
import type { Additions } from './additions.ts';
import type { CodeWriter } from './code_writer.ts';
import { Flag, type FlatCode } from './flat_code.ts';
import { FrameCode } from './frame_code.ts';
import { Meter } from './meter.ts';
import type { FunctionPlan } from './plan.ts';
import { SourceCopy } from './source_copy.ts';

/** The function to write. */
export interface StraightFunction {
  readonly index: number;
  readonly type: FunctionType;
  readonly code: FlatCode;
  /** Types of parameters and locals; what is added is appended. */
  readonly locals: number[];
  /** Undefined: it is never suspended. */
  readonly plan: FunctionPlan | undefined;
  /** Whether the fuel is checked on entry. */
  readonly entryCheck: boolean;
}

/** Write the code into `out` (cleared before), without local declarations: the locals are complete only afterwards. */
export function writeStraightCode(out: CodeWriter, additions: Additions, fn: StraightFunction): void {
  out.clear();
  new StraightCode(out, additions, fn).write();
}

class StraightCode {
  readonly #out: CodeWriter;
  readonly #additions: Additions;
  readonly #function: StraightFunction;
  readonly #code: FlatCode;
  readonly #plan: FunctionPlan | undefined;
  readonly #frame: FrameCode | undefined;
  readonly #meter: Meter;
  readonly #kills: boolean;
  readonly #rest: SourceCopy;
  #condition = -1;

  constructor(out: CodeWriter, additions: Additions, fn: StraightFunction) {
    const { plan, locals } = fn;
    this.#out = out;
    this.#additions = additions;
    this.#function = fn;
    this.#code = fn.code;
    this.#plan = plan;
    this.#frame = plan && new FrameCode(out, additions, plan);
    this.#kills = additions.preempt === 'kill';
    this.#meter = new Meter(out, additions, fn.code, additions.fuel ? leftLocal(plan, locals) : -1);
    this.#rest = new SourceCopy(out, additions, fn.code);
  }

  write(): void {
    const out = this.#out;
    const frame = this.#frame;
    const { type, entryCheck } = this.#function;
    if (frame !== undefined) {
      frame.unwind = out.open(Op.Block);
      out.open(Op.Block, type.results);
      this.#resumableHead(frame);
    }
    if (this.#kills && entryCheck) this.#meter.killIfSpent();
    const last = this.#code.length - 1;
    for (let at = 0; at < last; at++) this.#instruction(at);
    this.#rest.flush();
    if (frame !== undefined) {
      out.close();
      out.byte(Op.Return);
      out.close();
      frame.save();
      out.zeros(type.results);
    }
    out.byte(Op.End);
  }

  /** Nothing but a rewind has a `state` here; one that goes on in this function leads to the entry check, too. */
  #resumableHead(frame: FrameCode): void {
    const out = this.#out;
    const { entryPoint } = this.#plan!;
    if (entryPoint !== 0) {
      frame.openEntry(this.#meter, entryPoint);
    } else {
      out.getGlobal(this.#additions.globals.state);
      out.open(Op.If);
    }
    const { index, type } = this.#function;
    for (let i = 0; i < type.params.length; i++) out.get(i);
    out.call(this.#additions.resumption(index));
    out.byte(Op.Return);
    out.close();
  }

  #instruction(at: number): void {
    const { op, flags, match } = this.#code;
    const plan = this.#plan;
    if (plan !== undefined && plan.landing[at] >= 0 && op[at] !== Op.Loop) this.#keepOperands(plan, plan.landing[at]);
    switch (op[at]) {
      case Op.Block:
      case Op.If:
        if (plan !== undefined && flags[at] & Flag.Contains) this.#keepBelow(plan, at);
        this.#rest.copy(at);
        this.#out.depth++;
        return;
      case Op.Loop:
        this.#loop(at);
        return;
      case Op.End:
        this.#rest.copy(at);
        this.#out.depth--;
        if (op[match[at]] === Op.Loop) this.#meter.leaveLoop(match[at]);
        return;
      case Op.Call:
      case Op.CallIndirect:
        if (plan !== undefined && flags[at] & Flag.Target) this.#call(plan, at);
        else this.#rest.copy(at);
        return;
      case Op.MemorySize:
      case Op.MemoryGrow:
      case Op.RefFunc:
      case Op.PrefixBulk:
        this.#rest.substitute(at);
        return;
      default:
        this.#rest.copy(at);
    }
  }

  /** Put the operands at heights `[from, to)`, the topmost ones, into their slots and leave them where they are. */
  #keep(plan: FunctionPlan, at: number, from: number, to: number): void {
    for (let h = to - 1; h > from; h--) this.#out.set(plan.slot(h, this.#code.operandType(at, h)));
    this.#out.tee(plan.slot(from, this.#code.operandType(at, from)));
    for (let h = from + 1; h < to; h++) this.#out.get(plan.slot(h, this.#code.operandType(at, h)));
  }

  /** Before the operands of a call that are pushed again after a rewind: those that are saved. */
  #keepOperands(plan: FunctionPlan, call: number): void {
    const to = this.#code.height[call] - plan.replayed[call];
    const from = plan.keptFrom[call];
    if (from >= to) return;
    this.#rest.flush();
    this.#keep(plan, call, from, to);
  }

  /** Before a structure with a target inside: the operands that it leaves alone. */
  #keepBelow(plan: FunctionPlan, at: number): void {
    const { op, base, height } = this.#code;
    if (height[at] - this.#code.blockType(at).params.length === base[at]) return;
    this.#rest.flush();
    if (op[at] !== Op.If) {
      this.#keep(plan, at, base[at], height[at]);
      return;
    }
    if (this.#condition < 0) this.#condition = plan.addLocal(ValueType.I32);
    this.#out.set(this.#condition);
    this.#keep(plan, at, base[at], height[at]);
    this.#out.get(this.#condition);
  }

  #loop(at: number): void {
    const { flags } = this.#code;
    const plan = this.#plan;
    if (plan !== undefined && flags[at] & Flag.Target) this.#keepBelow(plan, at);
    const preemptable = plan !== undefined && plan.preemptable;
    if (!preemptable && !this.#kills) {
      this.#rest.copy(at);
      this.#out.depth++;
      return;
    }
    this.#rest.flush();
    this.#meter.enterLoop(at);
    this.#rest.copy(at);
    this.#rest.flush();
    this.#out.depth++;
    if (preemptable) this.#preempt(plan, at);
    else this.#meter.killIfSpent();
  }

  /** At the head of a loop: stop if the fuel is spent. The loop's parameters are saved, too. */
  #preempt(plan: FunctionPlan, at: number): void {
    const { height } = this.#code;
    const params = this.#code.blockType(at).params.length;
    if (params > 0) this.#keep(plan, at, height[at] - params, height[at]);
    this.#meter.pushSpent();
    this.#frame!.stopIfTrue(plan.point[at]);
  }

  #call(plan: FunctionPlan, at: number): void {
    const { op, first } = this.#code;
    if (op[at] === Op.Call) {
      this.#rest.flush();
      this.#out.call(this.#additions.replacement(first[at]));
    } else {
      this.#rest.copy(at);
      this.#rest.flush();
    }
    this.#frame!.stopIfUnwinding(plan.point[at]);
  }
}

function leftLocal(plan: FunctionPlan | undefined, locals: number[]): number {
  return plan === undefined ? locals.push(ValueType.I32) - 1 : plan.fuelLeft;
}
