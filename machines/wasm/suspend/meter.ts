import { Op } from '../binary/opcodes.ts';
import type { Additions } from './additions.ts';
import type { CodeWriter } from './code_writer.ts';
import { Flag, type FlatCode } from './flat_code.ts';

/**
 * Writes the checks of the fuel in one function. The fuel is a global; a loop in which nothing else changes it keeps a
 * copy in a local, so that an iteration stores but never waits for what the one before stored.
 */
export class Meter {
  readonly #out: CodeWriter;
  readonly #fuel: number;
  readonly #code: FlatCode;
  /** Local: the fuel as of the latest check, in a loop that keeps a copy also before it. */
  readonly #left: number;
  /** The outermost loop round the current instruction that keeps a copy; all in it do. */
  #keeper = -1;

  /** @param left an i32 local that nothing else uses */
  constructor(out: CodeWriter, additions: Additions, code: FlatCode, left: number) {
    this.#out = out;
    this.#fuel = additions.globals.fuel;
    this.#code = code;
    this.#left = left;
  }

  /** Directly before the `loop` at this instruction is written. */
  enterLoop(at: number): void {
    if (this.#keeper >= 0 || this.#code.flags[at] & Flag.Spends) return;
    this.#keeper = at;
    this.refresh();
  }

  leaveLoop(at: number): void {
    if (this.#keeper === at) this.#keeper = -1;
  }

  /** In a loop that keeps a copy, after somebody else has set the fuel. */
  refresh(): void {
    if (this.#keeper < 0) return;
    this.#out.getGlobal(this.#fuel);
    this.#out.set(this.#left);
  }

  /** `if (--fuel < 0) {`. No call may stand inside: it would make the engine spill what the loop keeps in registers. */
  openCheck(): void {
    this.pushSpent();
    this.#out.open(Op.If);
  }

  /** `--fuel < 0`. */
  pushSpent(): void {
    const out = this.#out;
    if (this.#keeper >= 0) out.get(this.#left);
    else out.getGlobal(this.#fuel);
    out.constant(1);
    out.byte(Op.I32Sub);
    out.tee(this.#left);
    out.setGlobal(this.#fuel);
    out.get(this.#left);
    out.constant(0);
    out.byte(Op.I32LtS);
  }

  /** Trap if the fuel is spent. */
  killIfSpent(): void {
    this.openCheck();
    this.#out.byte(Op.Unreachable);
    this.#out.close();
  }
}
