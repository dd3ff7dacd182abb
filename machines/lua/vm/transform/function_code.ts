import { Op } from '../../../wasm/binary/opcodes.ts';
import { answer, type Bytes, block, branch, branchIf, code, endOfBlock, when } from './assemble.ts';
import type { Instruction } from './instruction.ts';
import { mnemonicOf } from './mnemonics.ts';
import { type Match, Pattern } from './pattern.ts';
import { refusal } from './refusal.ts';
import type { WasmModule } from './wasm_module.ts';

/** The code of one function: where patterns are looked for, and edits are made. Positions count instructions. */
export class FunctionCode {
  readonly index: number;
  readonly instructions: readonly Instruction[];
  readonly #module: WasmModule;

  constructor(module: WasmModule, index: number) {
    this.#module = module;
    this.index = index;
    this.instructions = module.instructions(index);
  }

  all(pattern: string): Match[] {
    return new Pattern(pattern).all(this.instructions);
  }

  /** All matches; throws unless there are `count` of them. `what` names the C code that is looked for. */
  times(count: number, what: string, pattern: string): Match[] {
    const matches = this.all(pattern);
    if (matches.length === count) return matches;
    throw refusal(
      `${what}: the pattern "${new Pattern(pattern).source}" matches ${matches.length} times in function ${this.index} instead of ${count}`,
    );
  }

  /** The one match; throws where there is none or more than one. */
  only(what: string, pattern: string): Match {
    return this.times(1, what, pattern)[0];
  }

  /** The match at the function's beginning. */
  start(what: string, pattern: string): Match {
    const match = new Pattern(pattern).at(this.instructions, 0);
    if (match !== undefined) return match;
    const found = this.instructions.slice(0, 12).map(({ op, value }) => `${mnemonicOf(op)}.${value}`);
    throw refusal(`${what}: function ${this.index} begins with "${found.join(' ')}", not with "${pattern}"`);
  }

  /** Positions of all calls of `fn`. */
  callsOf(fn: number): number[] {
    return this.all(`call.${fn}`).map(match => match.first);
  }

  /**
   * Gives a function without results a second way out: `exit` runs, then it returns. Answers the code that takes this way
   * if the condition on the stack holds, for the place before the instruction at a position.
   *
   * Two blocks around all code: a branch out of the outer one leads to `exit`; one out of the inner one returns, as do
   * those that meant the function itself.
   */
  addExit(exit: Bytes): (position: number) => Bytes {
    const depths: number[] = [];
    let depth = 0;
    for (const { op } of this.instructions) {
      if (op === Op.End) depth--;
      depths.push(depth);
      if (op === Op.Block || op === Op.If || op === Op.Loop) depth++;
    }
    const end = this.instructions.length - 1;
    this.insertAtEntry(code(block, block));
    this.insertBefore(end, code(endOfBlock, answer, endOfBlock, exit));
    return position => branchIf(depths[position] + 1);
  }

  /** Positions of the branches that go back to the beginning of a loop. */
  backEdges(): number[] {
    const edges: number[] = [];
    /** For each structure around the instruction, whether it is a loop; the function itself is the first. */
    const structures = [false];
    const goesBack = (label: number): boolean => structures[structures.length - 1 - label];
    this.instructions.forEach(({ op, value, labels }, position) => {
      if (op === Op.Block || op === Op.If || op === Op.Loop) structures.push(op === Op.Loop);
      else if (op === Op.End) structures.pop();
      else if ((op === Op.Br || op === Op.BrIf) && goesBack(value)) edges.push(position);
      else if (labels?.some(goesBack)) edges.push(position);
    });
    return edges;
  }

  /**
   * Run `bytes` whenever the branch at `position` is taken; before a `br_table`, whatever it does. They must leave the
   * operand stack as it is.
   */
  insertOnBranch(position: number, bytes: Bytes): void {
    const { op, value } = this.instructions[position];
    if (op === Op.BrIf) this.replace(position, when(bytes, branch(value + 1)));
    else this.insertBefore(position, bytes);
  }

  insertAtEntry(bytes: Bytes): void {
    this.#module.splice(this.index, this.instructions[0].start, 0, bytes);
  }

  insertBefore(position: number, bytes: Bytes): void {
    this.#module.splice(this.index, this.instructions[position].start, 0, bytes);
  }

  insertAfter(position: number, bytes: Bytes): void {
    this.#module.splice(this.index, this.instructions[position].end, 0, bytes);
  }

  replace(position: number, bytes: Bytes): void {
    const { start, end } = this.instructions[position];
    this.#module.splice(this.index, start, end - start, bytes);
  }

  addLocal(): number {
    return this.#module.addLocal(this.index);
  }
}
