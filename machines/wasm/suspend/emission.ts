/**
 * Writes the code of one function that can be resumed, from its plan:
 *
 *     block $unwind
 *       block $function (results)        ;; where branches to the function's label go
 *         <region: the whole body>
 *       end
 *       return
 *     end
 *     <save the frame> <zeros for results>
 *
 * Its landings are places where paths merge, which costs speed. Where that matters, the function has a second copy without
 * landings, written by `straight_code.ts`, which is called, and this one is entered to be resumed only.
 */
import { Op } from '../binary/opcodes.ts';
import { type FunctionType, ValueType } from '../binary/value_type.ts';
import type { Additions } from './additions.ts';
import { type CodeWriter, MAX_BODY_BYTES } from './code_writer.ts';
import { Flag, type FlatCode } from './flat_code.ts';
import { FrameCode } from './frame_code.ts';
import type { FunctionPlan } from './plan.ts';
import { Meter } from './meter.ts';
import { findEvents, type RegionEvent, RegionEventKind } from './region.ts';
import { SourceCopy } from './source_copy.ts';

const NO_LOOP = -1;

/** Each level writes a dispatch of its own for all resume points inside. */
const MAX_LOOP_DEPTH = 500;

/**
 * Write the code into `out` (cleared before), without local declarations: `plan.locals` is complete only afterwards.
 *
 * @param onlyResumed whether it is never called otherwise than to be resumed
 */
export function writeResumableCode(
  out: CodeWriter,
  additions: Additions,
  plan: FunctionPlan,
  type: FunctionType,
  onlyResumed: boolean,
): void {
  out.clear();
  new ResumableCode(out, additions, plan, onlyResumed).write(type);
}

class ResumableCode {
  readonly #out: CodeWriter;
  readonly #additions: Additions;
  readonly #plan: FunctionPlan;
  readonly #code: FlatCode;
  readonly #frame: FrameCode;
  readonly #meter: Meter;
  readonly #kills: boolean;
  readonly #onlyResumed: boolean;
  readonly #rest: SourceCopy;
  readonly #source: Uint8Array;
  /** Labels of the original structures round the current instruction, the function's first. */
  readonly #labels: number[] = [];
  /** Flattened structures: label of their end and of their else arm. */
  readonly #endLabel = new Map<number, number>();
  readonly #elseLabel = new Map<number, number>();
  #condition = -1;
  #loopDepth = 0;

  constructor(out: CodeWriter, additions: Additions, plan: FunctionPlan, onlyResumed: boolean) {
    this.#out = out;
    this.#additions = additions;
    this.#plan = plan;
    this.#code = plan.code;
    this.#source = additions.module.bytes;
    this.#rest = new SourceCopy(out, additions, plan.code);
    this.#frame = new FrameCode(out, additions, plan);
    this.#meter = new Meter(out, additions, plan.code, additions.fuel ? plan.fuelLeft : -1);
    this.#kills = additions.preempt === 'kill';
    this.#onlyResumed = onlyResumed;
  }

  write(type: FunctionType): void {
    const out = this.#out;
    this.#frame.unwind = out.open(Op.Block);
    this.#labels.push(out.open(Op.Block, type.results));
    this.#region(0, this.#code.length - 1, NO_LOOP);
    out.close();
    out.byte(Op.Return);
    out.close();
    this.#frame.save();
    out.zeros(type.results);
    out.byte(Op.End);
  }

  /**
   * The function's body, or the body of a loop that is a target. All blocks and ifs in it that contain a target are
   * flattened: their label is opened at the head of the region, from where the landings inside can be reached. A label
   * may begin earlier than the block it stands for.
   */
  #region(from: number, to: number, loop: number): void {
    const events = findEvents(this.#plan, from, to);
    this.#openLabels(events);
    const landings = this.#landings(events, loop);
    if (loop === NO_LOOP) this.#functionHead(landings);
    else this.#loopHead(loop, landings);
    for (let at = from; at < to; at++) at = this.#instruction(at);
    this.#rest.flush();
  }

  /** Labels must close in the order of their events, so the last event's is the outermost. */
  #openLabels(events: readonly RegionEvent[]): void {
    for (let i = events.length - 1; i >= 0; i--) {
      const event = events[i];
      const results = event.kind === RegionEventKind.End ? this.#code.blockType(event.at).results : undefined;
      event.label = this.#out.open(Op.Block, results);
      if (event.kind === RegionEventKind.End) this.#endLabel.set(event.at, event.label);
      else if (event.kind === RegionEventKind.Else) this.#elseLabel.set(event.at, event.label);
    }
  }

  /** The label to go to for each resume point of the region, beginning with its lowest. */
  #landings(events: readonly RegionEvent[], loop: number): number[] {
    const { point, lastPoint, points } = this.#plan;
    const lowest = loop === NO_LOOP ? 1 : point[loop];
    const highest = loop === NO_LOOP ? points : lastPoint[loop];
    const landings = new Array<number>(Math.max(0, highest - lowest + 1)).fill(-1);
    for (const event of events) {
      if (event.kind === RegionEventKind.Call) landings[point[event.at] - lowest] = event.label;
      else if (event.kind === RegionEventKind.Loop) {
        landings.fill(event.label, point[event.at] - lowest, lastPoint[event.at] - lowest + 1);
      }
    }
    return landings;
  }

  #functionHead(landings: number[]): void {
    const out = this.#out;
    const frame = this.#frame;
    const { entryPoint } = this.#plan;
    if (this.#onlyResumed) {
      frame.restore();
      if (entryPoint !== 0) this.#dispatchOrContinue(1, landings);
      else frame.dispatch(1, landings);
      return;
    }
    if (entryPoint !== 0) {
      frame.openEntry(this.#meter, entryPoint);
      frame.restore();
      this.#dispatchOrContinue(1, landings);
    } else {
      out.getGlobal(this.#additions.globals.state);
      out.open(Op.If);
      frame.restore();
      frame.dispatch(1, landings);
    }
    out.close();
    if (this.#kills && this.#plan.entryCheck) this.#meter.killIfSpent();
  }

  #loopHead(loop: number, landings: number[]): void {
    const out = this.#out;
    const frame = this.#frame;
    const lowest = this.#plan.point[loop];
    if (this.#plan.preemptable) {
      this.#meter.openCheck();
      frame.pushResuming();
      out.byte(Op.I32Eqz);
      out.open(Op.If);
      frame.stop(lowest);
      out.close();
      this.#dispatchOrContinue(lowest, landings);
      out.close();
    } else {
      frame.dispatchIfResuming(lowest, landings);
      if (this.#kills) this.#meter.killIfSpent();
    }
    const { height } = this.#code;
    const params = this.#code.blockType(loop).params.length;
    this.#pushSlots(loop, height[loop] - params, height[loop]);
  }

  /** Dispatch where the first point is the head itself: the rewind ends here. */
  #dispatchOrContinue(lowest: number, landings: number[]): void {
    if (landings.length > 1) {
      landings[0] = this.#out.open(Op.Block);
      this.#frame.dispatch(lowest, landings);
      this.#out.close();
    }
    this.#frame.endRewindHere();
    this.#meter.refresh();
  }

  /** Write one instruction, or a whole target loop; answers the last instruction that was written. */
  #instruction(at: number): number {
    const { op, flags, match } = this.#code;
    const contains = (flags[at] & Flag.Contains) !== 0;
    if (this.#plan.landing[at] >= 0 && op[at] !== Op.Loop) this.#land(this.#plan.landing[at]);
    switch (op[at]) {
      case Op.Block:
        if (contains) this.#flattenBlock(at);
        else this.#openStructure(at);
        return at;
      case Op.If:
        if (contains) this.#flattenIf(at);
        else this.#openStructure(at);
        return at;
      case Op.Loop:
        if (flags[at] & Flag.Target) return this.#targetLoop(at);
        this.#plainLoop(at);
        return at;
      case Op.Else:
        if (flags[match[at]] & Flag.Contains) this.#flattenElse(at);
        else this.#rest.copy(at);
        return at;
      case Op.End:
        this.#end(at);
        return at;
      case Op.Br:
      case Op.BrIf:
        this.#rest.flush();
        this.#out.branch(op[at], this.#labelOf(this.#code.first[at]));
        return at;
      case Op.BrTable:
        this.#branchTable(at);
        return at;
      case Op.Call:
      case Op.CallIndirect:
        if (flags[at] & Flag.Target) this.#call(at);
        else this.#rest.copy(at);
        return at;
      case Op.MemorySize:
      case Op.MemoryGrow:
      case Op.RefFunc:
      case Op.PrefixBulk:
        this.#rest.substitute(at);
        return at;
      default:
        this.#rest.copy(at);
        return at;
    }
  }

  #labelOf(relative: number): number {
    return this.#labels[this.#labels.length - 1 - relative];
  }

  /** Move the operands at heights `[from, to)` from the stack into their slots. */
  #popSlots(at: number, from: number, to: number): void {
    for (let h = to - 1; h >= from; h--) this.#out.set(this.#plan.slot(h, this.#code.operandType(at, h)));
  }

  #pushSlots(at: number, from: number, to: number): void {
    for (let h = from; h < to; h++) this.#out.get(this.#plan.slot(h, this.#code.operandType(at, h)));
  }

  #openStructure(at: number): void {
    this.#rest.copy(at);
    this.#labels.push(++this.#out.depth);
  }

  #plainLoop(at: number): void {
    if (!this.#kills) {
      this.#openStructure(at);
      return;
    }
    this.#rest.flush();
    this.#meter.enterLoop(at);
    this.#openStructure(at);
    this.#rest.flush();
    this.#meter.killIfSpent();
  }

  /** Where a resumed call comes in. Both paths have their operands in slots and take them from there. */
  #land(call: number): void {
    const { base, height } = this.#code;
    const upTo = height[call] - this.#plan.replayed[call];
    this.#rest.flush();
    this.#popSlots(call, base[call], upTo);
    this.#out.close();
    if ((this.#plan.hasTargetLoop || this.#onlyResumed) && !this.#resumesCallee(call)) this.#frame.clearResuming();
    this.#pushSlots(call, base[call], upTo);
  }

  #call(at: number): void {
    const { op, first, start, end } = this.#code;
    this.#rest.flush();
    if (op[at] !== Op.Call) this.#out.copy(this.#source, start[at], end[at]);
    else if (this.#resumesCallee(at)) this.#callOrResume(first[at]);
    else this.#out.call(this.#additions.replacement(first[at]));
    this.#frame.stopIfUnwinding(this.#plan.point[at]);
  }

  #resumesCallee(call: number): boolean {
    const { op, first } = this.#code;
    return this.#onlyResumed && op[call] === Op.Call && this.#additions.resumable.has(first[call]);
  }

  /** Going to the copy at once that is to be resumed halves what a rewind needs of the native stack. */
  #callOrResume(index: number): void {
    const out = this.#out;
    const { module } = this.#additions;
    this.#frame.pushResuming();
    this.#frame.clearResuming();
    out.openTyped(Op.If, module.functions[index]);
    out.call(this.#additions.resumption(index));
    out.byte(Op.Else);
    out.call(index);
    out.close();
  }

  #flattenBlock(at: number): void {
    const { base, height } = this.#code;
    const below = height[at] - this.#code.blockType(at).params.length;
    this.#rest.flush();
    if (below > base[at]) {
      this.#popSlots(at, base[at], height[at]);
      this.#pushSlots(at, below, height[at]);
    }
    this.#labels.push(this.#endLabel.get(at)!);
  }

  #flattenIf(at: number): void {
    const { base, height, otherwise } = this.#code;
    const out = this.#out;
    const below = height[at] - this.#code.blockType(at).params.length;
    const hasElse = otherwise[at] >= 0;
    this.#rest.flush();
    if (height[at] > base[at]) {
      if (this.#condition < 0) this.#condition = this.#plan.addLocal(ValueType.I32);
      out.set(this.#condition);
      this.#popSlots(at, base[at], height[at]);
      // Without an else arm the parameters are the results.
      if (!hasElse) this.#pushSlots(at, below, height[at]);
      out.get(this.#condition);
    }
    out.byte(Op.I32Eqz);
    out.branch(Op.BrIf, (hasElse ? this.#elseLabel : this.#endLabel).get(at)!);
    if (hasElse) this.#pushSlots(at, below, height[at]);
    this.#labels.push(this.#endLabel.get(at)!);
  }

  #flattenElse(at: number): void {
    const structure = this.#code.match[at];
    const height = this.#code.height[structure];
    this.#rest.flush();
    if (!(this.#code.flags[at] & Flag.DeadBefore)) this.#out.branch(Op.Br, this.#endLabel.get(structure)!);
    this.#out.close();
    this.#pushSlots(structure, height - this.#code.blockType(structure).params.length, height);
  }

  #end(at: number): void {
    const { op, flags, match, base, height } = this.#code;
    const structure = match[at];
    this.#labels.pop();
    if (op[structure] === Op.Loop || !(flags[structure] & Flag.Contains)) {
      this.#rest.copy(at);
      this.#out.depth--;
      if (op[structure] === Op.Loop) this.#meter.leaveLoop(structure);
      return;
    }
    this.#rest.flush();
    this.#out.close();
    const { params, results } = this.#code.blockType(structure);
    const below = height[structure] - params.length;
    if (below === base[structure]) return;
    // The operands below the block were left in their slots; they belong under its results.
    for (let i = results.length - 1; i >= 0; i--) this.#out.set(this.#plan.slot(below + i, results[i]));
    this.#pushSlots(structure, base[structure], below);
    for (let i = 0; i < results.length; i++) this.#out.get(this.#plan.slot(below + i, results[i]));
  }

  #targetLoop(at: number): number {
    const { base, height, match, start, end } = this.#code;
    const out = this.#out;
    if (out.length > MAX_BODY_BYTES) this.#plan.refuse('too long a function', 'Split the function.');
    if (++this.#loopDepth > MAX_LOOP_DEPTH) {
      this.#plan.refuse(`loops nested more than ${MAX_LOOP_DEPTH} deep`, 'Split the function.');
    }
    this.#rest.flush();
    this.#popSlots(at, base[at], height[at]);
    out.close();
    this.#pushSlots(at, base[at], height[at]);
    if (this.#plan.preemptable) this.#meter.enterLoop(at);
    out.copy(this.#source, start[at], end[at]);
    this.#labels.push(++out.depth);
    this.#popSlots(at, height[at] - this.#code.blockType(at).params.length, height[at]);
    this.#region(at + 1, match[at], at);
    out.close();
    this.#meter.leaveLoop(at);
    this.#labels.pop();
    this.#loopDepth--;
    return match[at];
  }

  #branchTable(at: number): void {
    const out = this.#out;
    const labels = this.#code.labels[this.#code.first[at]];
    this.#rest.flush();
    out.byte(Op.BrTable);
    out.unsigned(labels.length - 1);
    for (let i = 0; i < labels.length; i++) out.unsigned(out.depth - this.#labelOf(labels[i]));
  }
}
