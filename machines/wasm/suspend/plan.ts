/**
 * Everything that is decided about a function before code is written: the numbers of its resume points, where a resumed
 * call begins, what is saved and where in the frame it goes. Both copies of a function (see `transform.ts`) follow one
 * plan, so that a frame written by one can be read by the other.
 */
import type { AnalysisWork } from './analysis_work.ts';
import { MAX_LOCALS } from '../binary/locals.ts';
import { Op } from '../binary/opcodes.ts';
import { Unsupported, type UnsupportedPlace } from '../binary/unsupported.ts';
import { valueBytes, ValueType } from '../binary/value_type.ts';
import { type FlatCode, Flag } from './flat_code.ts';
import { addLocals, hasLocal, Liveness, type LocalSet } from './liveness.ts';

/** V8 allows 65,520 entries in one branch table. */
const MAX_POINTS = 65_000;

export interface PlanOptions {
  /** Whether the entry, if it is checked, and every loop is a resume point of its own, and not only contains some. */
  readonly preemptable: boolean;
  /** Whether the fuel is checked on entry. */
  readonly entryCheck: boolean;
  /** Whether a call at this instruction may reach a blocking import directly, whose body reads its arguments again. */
  readonly reachesImport: (at: number) => boolean;
  /** Number of the function's first resume point in the whole module. */
  readonly firstPoint: number;
  readonly place: UnsupportedPlace;
  readonly work: AnalysisWork;
}

/** A local that is saved, and its offset in the frame. */
export interface SavedLocal {
  readonly local: number;
  readonly type: number;
  readonly offset: number;
}

export class FunctionPlan {
  readonly code: FlatCode;
  readonly preemptable: boolean;
  readonly entryCheck: boolean;
  readonly firstPoint: number;
  /** Types of the function's own locals, followed by those that are added. */
  readonly locals: number[];
  /** Resume points are numbered 1..points in the order of the code; 0 means "not being resumed". */
  points = 0;
  /** The entry's own point: 1, or 0 where there is none. */
  readonly entryPoint: number;
  /** By instruction: the point of a call; for a loop the lowest of those it contains, its own included. */
  readonly point: Int32Array;
  /** Loops: the highest point inside. */
  readonly lastPoint: Int32Array;
  /** By instruction: the call or loop whose landing stands before it, or -1. */
  readonly landing: Int32Array;
  /** Calls: the lowest of the innermost structure's operands that is saved; the operands' number if none is. */
  readonly keptFrom: Int32Array;
  /** Calls: how many of their operands are pushed after the landing, by instructions that can simply run again. */
  readonly replayed: Int32Array;
  hasTargetLoop = false;
  readonly saved: SavedLocal[] = [];
  /** Length of the frame: saved values by falling size, then the number of the resume point. */
  frameBytes = 4;

  readonly #place: UnsupportedPlace;
  /** Locals for operands, by height and type: an operand that must outlive a suspension is kept in one. */
  readonly #slots = new Map<number, number>();
  readonly #savedSlots = new Set<number>();
  #stopped: number | undefined;
  #resuming: number | undefined;
  #scratch: number | undefined;
  #fuelLeft: number | undefined;

  /** @param locals types of parameters and locals; taken over */
  constructor(code: FlatCode, locals: number[], options: PlanOptions) {
    this.code = code;
    this.preemptable = options.preemptable;
    this.entryCheck = options.entryCheck;
    this.firstPoint = options.firstPoint;
    this.locals = locals;
    this.#place = options.place;
    this.point = new Int32Array(code.length);
    this.lastPoint = new Int32Array(code.length);
    this.landing = new Int32Array(code.length).fill(-1);
    this.replayed = new Int32Array(code.length);
    this.keptFrom = new Int32Array(code.length);
    this.entryPoint = options.entryCheck && options.preemptable ? 1 : 0;
    this.points = this.entryPoint;
    const own = locals.length;
    const spend = (words: number) => options.work.forPass(code, words, options.place);
    const liveness = new Liveness(code, own, this.preemptable, spend);
    const live = liveness.atTargets;
    if (this.entryPoint !== 0) addLocals(live, liveness.entry);
    this.#numberPoints(live, options);
    if (this.points > MAX_POINTS) {
      this.refuse(`more than ${MAX_POINTS} calls and loops where it can be suspended`, 'Split the function.');
    }
    this.#layOut(live, own);
  }

  /** The local for an operand of `type` at `height`; added when first asked for. */
  slot(height: number, type: number): number {
    const key = height * 256 + type;
    let local = this.#slots.get(key);
    if (local === undefined) this.#slots.set(key, (local = this.addLocal(type)));
    return local;
  }

  /** Where the function stopped, as a number in the whole module. */
  get stopped(): number {
    return (this.#stopped ??= this.addLocal(ValueType.I32));
  }

  /** The resume point that is being gone to, 0 when not being resumed. */
  get resuming(): number {
    return (this.#resuming ??= this.addLocal(ValueType.I32));
  }

  get scratch(): number {
    return (this.#scratch ??= this.addLocal(ValueType.I32));
  }

  /** For the `Meter`. */
  get fuelLeft(): number {
    return (this.#fuelLeft ??= this.addLocal(ValueType.I32));
  }

  addLocal(type: number): number {
    if (this.locals.length >= MAX_LOCALS) this.refuse('too many local variables', 'Split the function.');
    return this.locals.push(type) - 1;
  }

  refuse(reason: string, advice: string): never {
    throw new Unsupported(reason, advice, this.#place);
  }

  #numberPoints(live: LocalSet, options: PlanOptions): void {
    const { code } = this;
    for (let at = 0; at < code.length; at++) {
      const op = code.op[at];
      if (op === Op.End) {
        const structure = code.match[at];
        if (structure >= 0 && this.landing[structure] === structure) this.lastPoint[structure] = this.points;
        continue;
      }
      if (!(code.flags[at] & Flag.Target)) continue;
      if (op === Op.Loop) {
        this.hasTargetLoop = true;
        this.landing[at] = at;
        if (this.preemptable) {
          this.point[at] = ++this.points;
        } else {
          this.point[at] = this.points + 1;
        }
        this.#saveOperands(at, 0, code.height[at]);
      } else {
        this.point[at] = ++this.points;
        this.#planCall(at, live, options.reachesImport(at));
      }
    }
  }

  #planCall(at: number, live: LocalSet, reachesImport: boolean): void {
    const { code } = this;
    const count = code.callOperands(at);
    const replayed = this.#replayable(at, count);
    const height = code.height[at];
    this.landing[at - replayed] = at;
    this.replayed[at] = replayed;
    this.#saveOperands(at, 0, height - count);
    // The operands of a call need no saving, because a function that is resumed restores its own parameters. There are
    // two exceptions: an import has no frame of its own, and the index of an indirect call says whom to resume.
    let first = height;
    if (reachesImport) first = height - count;
    else if (code.op[at] === Op.CallIndirect) first = height - 1;
    this.#saveOperands(at, first, height - replayed);
    this.keptFrom[at] = height - count > code.base[at] ? code.base[at] : first;
    for (let h = Math.max(first, height - replayed); h < height; h++) {
      const pushed = at - (height - h);
      if (code.op[pushed] === Op.LocalGet) live[code.first[pushed] >> 5] |= 1 << (code.first[pushed] & 31);
    }
  }

  /** How many of a call's last operands are pushed by `local.get` and constants directly before it. */
  #replayable(at: number, count: number): number {
    const { op } = this.code;
    let replayed = 0;
    while (replayed < count && at - replayed > 0) {
      const before = op[at - replayed - 1];
      if (before !== Op.LocalGet && (before < Op.I32Const || before > Op.F64Const)) break;
      replayed++;
    }
    return replayed;
  }

  #saveOperands(at: number, from: number, to: number): void {
    for (let h = from; h < to; h++) this.#savedSlots.add(this.slot(h, this.code.operandType(at, h)));
  }

  #layOut(live: LocalSet, own: number): void {
    const chosen: number[] = [];
    for (let local = 0; local < own; local++) if (hasLocal(live, local)) chosen.push(local);
    for (const local of this.#savedSlots) chosen.push(local);
    let offset = 0;
    for (const size of [16, 8, 4]) {
      for (const local of chosen) {
        const type = this.locals[local];
        if (valueBytes(type) === 0) {
          this.refuse(
            `a reference (${type === ValueType.FuncRef ? 'funcref' : 'externref'}) that is still needed after a call that may wait`,
            'References cannot be saved in memory: keep it in a table and pass its index.',
          );
        }
        if (valueBytes(type) !== size) continue;
        this.saved.push({ local, type, offset });
        offset += size;
      }
    }
    this.frameBytes = offset + 4;
  }
}
