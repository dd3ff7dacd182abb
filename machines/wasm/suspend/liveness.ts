/**
 * Which locals hold a value that is still read at some target of a function: only these are saved. A backward pass
 * over the flat code, repeated until the sets at the heads of loops no longer grow (two to four times in practice).
 */
import { Op } from '../binary/opcodes.ts';
import { type FlatCode, Flag } from './flat_code.ts';

/** A set of locals, 32 to a word. */
export type LocalSet = Int32Array;

export function hasLocal(set: LocalSet, local: number): boolean {
  return ((set[local >> 5] >> (local & 31)) & 1) === 1;
}

export function addLocals(into: LocalSet, from: LocalSet): void {
  for (let i = 0; i < into.length; i++) into[i] |= from[i];
}

/** A structure whose code is being walked from its end to its head. */
interface OpenStructure {
  /** What is live where a branch to it goes. */
  readonly atLabel: LocalSet;
  /** `if`: live at the beginning of the else arm. */
  atElse: LocalSet | undefined;
}

export class Liveness {
  /** By instruction: live at the head of a loop. */
  readonly #atHead = new Map<number, LocalSet>();
  readonly #code: FlatCode;
  readonly #headsToo: boolean;
  /** Live on entry of the function. */
  readonly entry: LocalSet;
  /** Live after some call that can suspend. Each walk finds no less than the one before, so one set is enough for all. */
  readonly atTargets: LocalSet;

  /**
   * @param locals number of parameters and locals
   * @param headsToo whether the function can stop at the heads of its loops, too
   * @param spend called before each walk, with the length of a set in words
   */
  constructor(code: FlatCode, locals: number, headsToo: boolean, spend: (words: number) => void) {
    this.#code = code;
    this.#headsToo = headsToo;
    this.entry = new Int32Array((locals + 31) >> 5);
    this.atTargets = new Int32Array(this.entry.length);
    // When a loop's head has grown, what jumps to it must be looked at again.
    do spend(this.entry.length);
    while (this.#pass(this.entry));
  }

  /** One walk from the end to the beginning; whether the set of some loop's head grew. */
  #pass(live: LocalSet): boolean {
    const { op, first, match, flags, labels } = this.#code;
    const open: OpenStructure[] = [];
    let grew = false;
    live.fill(0);
    for (let at = this.#code.length - 1; at >= 0; at--) {
      switch (op[at]) {
        case Op.LocalGet:
          live[first[at] >> 5] |= 1 << (first[at] & 31);
          break;
        case Op.LocalSet:
        case Op.LocalTee:
          live[first[at] >> 5] &= ~(1 << (first[at] & 31));
          break;
        case Op.End: {
          const structure = match[at];
          const loop = structure >= 0 && op[structure] === Op.Loop;
          open.push({
            atLabel: loop ? this.#head(structure, live.length) : this.#atEnd(at, open, live),
            atElse: undefined,
          });
          break;
        }
        case Op.Else: {
          const structure = open[open.length - 1];
          structure.atElse = live.slice();
          live.set(structure.atLabel);
          break;
        }
        case Op.If: {
          const structure = open.pop()!;
          addLocals(live, structure.atElse ?? structure.atLabel);
          break;
        }
        case Op.Block:
          open.pop();
          break;
        case Op.Loop: {
          open.pop();
          const head = this.#head(at, live.length);
          for (let i = 0; i < live.length; i++) {
            if ((live[i] & ~head[i]) === 0) continue;
            head[i] |= live[i];
            grew = true;
          }
          if (this.#headsToo) addLocals(this.atTargets, head);
          break;
        }
        case Op.Br:
          live.set(open[open.length - 1 - first[at]].atLabel);
          break;
        case Op.BrIf:
          addLocals(live, open[open.length - 1 - first[at]].atLabel);
          break;
        case Op.BrTable: {
          live.fill(0);
          const targets = labels[first[at]];
          for (let i = 0; i < targets.length; i++) addLocals(live, open[open.length - 1 - targets[i]].atLabel);
          break;
        }
        case Op.Return:
        case Op.Unreachable:
          live.fill(0);
          break;
        case Op.Call:
        case Op.CallIndirect:
          if (flags[at] & Flag.Target) addLocals(this.atTargets, live);
          break;
      }
    }
    return grew;
  }

  #head(loop: number, words: number): LocalSet {
    let set = this.#atHead.get(loop);
    if (set === undefined) this.#atHead.set(loop, (set = new Int32Array(words)));
    return set;
  }

  /** What is live where a block ends. Where another one ends directly behind it that is the same, and the set is shared. */
  #atEnd(at: number, open: readonly OpenStructure[], live: LocalSet): LocalSet {
    const { op, match, length } = this.#code;
    const behind = at + 1;
    const shared = behind < length && op[behind] === Op.End && (match[behind] < 0 || op[match[behind]] !== Op.Loop);
    return shared ? open[open.length - 1].atLabel : live.slice();
  }
}
