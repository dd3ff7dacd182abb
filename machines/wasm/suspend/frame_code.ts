import type { Meter } from './meter.ts';
import { Op } from '../binary/opcodes.ts';
import type { Additions } from './additions.ts';
import type { CodeWriter } from './code_writer.ts';
import { Command, State, Word } from './control.ts';
import { endRewind } from './generated_functions.ts';
import type { FunctionPlan } from './plan.ts';

/**
 * The pieces of code that deal with a function's frame and with its being resumed. A frame holds the saved values and,
 * as its last word, the number of the resume point in the whole module.
 */
export class FrameCode {
  readonly #out: CodeWriter;
  readonly #additions: Additions;
  readonly #plan: FunctionPlan;
  /** Label behind which the frame is saved. */
  unwind = 0;

  constructor(out: CodeWriter, additions: Additions, plan: FunctionPlan) {
    this.#out = out;
    this.#additions = additions;
    this.#plan = plan;
  }

  pushResuming(): void {
    this.#out.get(this.#plan.resuming);
  }

  /** The landing is reached. Later loops must not dispatch, nor later calls resume, so this is due at every landing. */
  clearResuming(): void {
    this.#out.constant(0);
    this.#out.set(this.#plan.resuming);
  }

  /** Stop here if the call before this unwound. */
  stopIfUnwinding(point: number): void {
    this.#markStopped(point);
    this.#out.getGlobal(this.#additions.globals.state);
    this.#out.branch(Op.BrIf, this.unwind);
  }

  /** Stop here if what is on the stack is true. */
  stopIfTrue(point: number): void {
    this.#markStopped(point);
    this.#out.branch(Op.BrIf, this.unwind);
  }

  stop(point: number): void {
    this.#markStopped(point);
    this.#out.branch(Op.Br, this.unwind);
  }

  #markStopped(point: number): void {
    this.#out.constant(this.#plan.firstPoint + point - 1);
    this.#out.set(this.#plan.stopped);
  }

  /** The rewind ends at a loop or at the entry, not at an import: nobody else tells the host. */
  endRewindHere(): void {
    endRewind(this.#out, this.#additions);
    this.#out.getGlobal(this.#additions.globals.control);
    this.#out.constant(Command.Run);
    this.#out.storeWord(Word.Command * 4);
    this.clearResuming();
  }

  /** Go to the landing of the point that is being resumed. `landings[i]` is the label of point `lowest + i`. */
  dispatch(lowest: number, landings: readonly number[]): void {
    const out = this.#out;
    if (onlyOne(landings)) {
      out.branch(Op.Br, landings[0]);
      return;
    }
    this.pushResuming();
    if (lowest !== 0) {
      out.constant(lowest);
      out.byte(Op.I32Sub);
    }
    // The number was checked when the frame was read, so the default is never taken for another point.
    out.byte(Op.BrTable);
    out.unsigned(landings.length - 1);
    for (const label of landings) out.unsigned(out.depth - label);
  }

  /** `if (resuming) dispatch`. */
  dispatchIfResuming(lowest: number, landings: readonly number[]): void {
    this.pushResuming();
    if (onlyOne(landings)) {
      this.#out.branch(Op.BrIf, landings[0]);
      return;
    }
    this.#out.open(Op.If);
    this.dispatch(lowest, landings);
    this.#out.close();
  }

  /** Take the frame from the saved stack. Traps if it is not one of this function's. */
  restore(): void {
    const out = this.#out;
    const { saved, frameBytes, firstPoint, points } = this.#plan;
    const { top } = this.#additions.globals;
    out.getGlobal(top);
    out.constant(frameBytes);
    out.byte(Op.I32Sub);
    out.tee(this.#plan.scratch);
    out.setGlobal(top);
    out.get(this.#plan.scratch);
    out.loadWord(frameBytes - 4);
    out.constant(firstPoint - 1);
    out.byte(Op.I32Sub);
    out.tee(this.#plan.resuming);
    out.constant(1);
    out.byte(Op.I32Sub);
    out.constant(points);
    out.byte(Op.I32GeU);
    this.#trapIf(Command.Corrupt);
    for (const { local, type, offset } of saved) {
      out.get(this.#plan.scratch);
      out.load(type, offset);
      out.set(local);
    }
  }

  /** Put the frame on the saved stack. Where fuel preempts, the first one to unwind says why. Traps if it does not fit. */
  save(): void {
    const out = this.#out;
    const { saved, frameBytes } = this.#plan;
    const { state, top, control } = this.#additions.globals;
    if (this.#additions.preempt === 'resume') {
      out.getGlobal(state);
      out.byte(Op.I32Eqz);
      out.open(Op.If);
      out.constant(State.Unwinding);
      out.setGlobal(state);
      out.getGlobal(control);
      out.constant(Command.Preempted);
      out.storeWord(Word.Command * 4);
      out.close();
    }
    // The room that is left: the limit itself is 0 where the memory ends at 4 GiB.
    out.getGlobal(control);
    out.loadWord(Word.Limit * 4);
    out.getGlobal(top);
    out.tee(this.#plan.scratch);
    out.byte(Op.I32Sub);
    out.constant(frameBytes);
    out.byte(Op.I32LtU);
    out.open(Op.If);
    out.constant(frameBytes);
    out.call(this.#additions.extend);
    out.close();
    out.get(this.#plan.scratch);
    out.constant(frameBytes);
    out.byte(Op.I32Add);
    out.setGlobal(top);
    for (const { local, type, offset } of saved) {
      out.get(this.#plan.scratch);
      out.get(local);
      out.store(type, offset);
    }
    out.get(this.#plan.scratch);
    out.get(this.#plan.stopped);
    out.storeWord(frameBytes - 4);
  }

  /** On entry: who is out of fuel, and not on the way back, stops here. What follows, up to a `close`, is for the way back. */
  openEntry(meter: Meter, entryPoint: number): void {
    const out = this.#out;
    meter.openCheck();
    out.getGlobal(this.#additions.globals.state);
    out.byte(Op.I32Eqz);
    out.open(Op.If);
    this.stop(entryPoint);
    out.close();
  }

  #trapIf(command: number): void {
    const out = this.#out;
    out.open(Op.If);
    out.getGlobal(this.#additions.globals.control);
    out.constant(command);
    out.storeWord(Word.Command * 4);
    out.byte(Op.Unreachable);
    out.close();
  }
}

function onlyOne(landings: readonly number[]): boolean {
  for (let i = 1; i < landings.length; i++) if (landings[i] !== landings[0]) return false;
  return true;
}
