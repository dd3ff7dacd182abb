import { readLocals } from '../binary/locals.ts';
import type { FunctionNames } from '../binary/names.ts';
import { Op } from '../binary/opcodes.ts';
import { Unsupported } from '../binary/unsupported.ts';
import type { FunctionType } from '../binary/value_type.ts';
import { Writer } from '../binary/writer.ts';
import type { Additions } from './additions.ts';
import { AnalysisWork } from './analysis_work.ts';
import type { Suspendability } from './call_graph.ts';
import { CodeWriter, declareLocals, MAX_BODY_BYTES } from './code_writer.ts';
import { writeResumableCode } from './emission.ts';
import { FlatCode } from './flat_code.ts';
import { FunctionPlan } from './plan.ts';
import type { FrameTableBuilder } from './saved_stack.ts';
import type { CodeFacts } from './scan.ts';
import { writeStraightCode } from './straight_code.ts';

/** With no more landings than this, and no loop, a second copy makes nothing faster. */
const FEW_CALLS = 2;

/** Which suspendable functions are written twice. */
export type Copies = 'auto' | 'single' | 'dual';

/** Writes the bodies of the module's own functions, each with its size in front, and the second copies. */
export class BodyWriter {
  readonly #additions: Additions;
  readonly #facts: CodeFacts;
  readonly #suspendability: Suspendability;
  readonly #names: FunctionNames;
  readonly #frames: FrameTableBuilder;
  readonly #flat: FlatCode;
  readonly #code: CodeWriter;
  readonly #work = new AnalysisWork();
  readonly #declarations = new Writer(64);
  readonly #bodies: Writer;
  /** Canonical types through which a blocking import can be called. */
  readonly #importTypes = new Set<number>();

  constructor(
    additions: Additions,
    facts: CodeFacts,
    suspendability: Suspendability,
    names: FunctionNames,
    frames: FrameTableBuilder,
  ) {
    const { module, types } = additions;
    this.#additions = additions;
    this.#facts = facts;
    this.#suspendability = suspendability;
    this.#names = names;
    this.#frames = frames;
    this.#flat = new FlatCode(module, types, suspendability, additions.preempt === 'resume');
    this.#code = new CodeWriter(types, 1 << 16);
    this.#bodies = new Writer(Math.ceil(module.bytes.length * 1.5));
    for (const index of additions.waits.keys()) {
      if (facts.addressTaken.has(index)) this.#importTypes.add(types.canonical(module.functions[index]));
    }
  }

  writeAll(copies: Copies): Writer {
    const { module } = this.#additions;
    const { functions } = this.#suspendability;
    // First all indices: the second copies call one another.
    for (let index = module.importedFunctions; index < module.functions.length; index++) {
      if (functions[index] && this.#isDual(index, copies)) this.#additions.reserveCopy(index);
    }
    for (let index = module.importedFunctions; index < module.functions.length; index++) {
      if (functions[index]) this.#writeSuspendable(index);
      else if (this.#changes(index)) this.#writeStraight(index);
      else this.#copy(index);
    }
    return this.#bodies;
  }

  #isDual(index: number, copies: Copies): boolean {
    if (copies !== 'auto') return copies === 'dual';
    const { hasLoop, calls, indirectCalls } = this.#facts;
    return hasLoop[index] === 1 || calls[index].length + indirectCalls[index].length > FEW_CALLS;
  }

  /** Whether a function that cannot be suspended is written anew all the same. */
  #changes(index: number): boolean {
    const { needsPatch, hasLoop } = this.#facts;
    if (needsPatch[index]) return true;
    return this.#additions.fuel && (hasLoop[index] === 1 || this.#suspendability.entryChecks[index] === 1);
  }

  #copy(index: number): void {
    const { bytes, bodies, importedFunctions } = this.#additions.module;
    const { start, end } = bodies[index - importedFunctions];
    this.#bodies.unsigned(end - start);
    this.#bodies.copy(bytes, start, end);
  }

  /** Decode a function into `#flat`; answers the types of its parameters and locals. */
  #read(index: number, type: FunctionType): number[] {
    const { module } = this.#additions;
    const body = module.bodies[index - module.importedFunctions];
    const locals = [...type.params];
    const start = readLocals(module.bytes, body, locals);
    this.#work.forLocals(locals.length, this.#place(index));
    this.#flat.read(start, body.end, type, locals);
    this.#work.forOperands(this.#flat, this.#place(index));
    return locals;
  }

  #typeOf(index: number): FunctionType {
    const { types, functions } = this.#additions.module;
    return types[functions[index]];
  }

  #writeStraight(index: number): void {
    const type = this.#typeOf(index);
    this.#writeUnsuspended(index, type, this.#read(index, type));
  }

  #writeUnsuspended(index: number, type: FunctionType, locals: number[]): void {
    const entryCheck = this.#suspendability.entryChecks[index] === 1;
    const code = this.#flat;
    writeStraightCode(this.#code, this.#additions, { index, type, code, locals, plan: undefined, entryCheck });
    this.#appendBody(index, type, locals);
  }

  #writeSuspendable(index: number): void {
    const additions = this.#additions;
    const { types } = additions;
    const type = this.#typeOf(index);
    const locals = this.#read(index, type);
    const flat = this.#flat;
    const entryCheck = this.#suspendability.entryChecks[index] === 1;
    const preemptable = additions.preempt === 'resume';
    if (flat.targets === 0 && !(entryCheck && preemptable)) {
      // All that could suspend is unreachable code.
      this.#writeUnsuspended(index, type, locals);
      return;
    }
    const plan = new FunctionPlan(flat, locals, {
      preemptable,
      entryCheck,
      reachesImport: at =>
        flat.op[at] === Op.Call
          ? additions.waits.has(flat.first[at])
          : this.#importTypes.has(types.canonical(flat.first[at])),
      firstPoint: this.#frames.nextPoint,
      place: this.#place(index),
      work: this.#work,
    });
    this.#frames.add(index, plan.points, plan.frameBytes);
    const dual = additions.resumable.has(index);
    if (dual) {
      writeStraightCode(this.#code, additions, { index, type, code: flat, locals, plan, entryCheck });
      this.#appendBody(index, type, locals);
    }
    writeResumableCode(this.#code, additions, plan, type, dual);
    if (dual) additions.fillCopy(index, this.#body(index, type, locals));
    else this.#appendBody(index, type, locals);
  }

  #place(index: number) {
    return { functionIndex: index, functionName: this.#names.get(index) };
  }

  /** Write the declarations for what is in `#code`; answers the length of both. */
  #declare(index: number, type: FunctionType, locals: readonly number[]): number {
    this.#declarations.clear();
    declareLocals(this.#declarations, locals, type.params.length);
    const size = this.#declarations.length + this.#code.length;
    if (size > MAX_BODY_BYTES) {
      throw new Unsupported('too long a function', 'Split the function.', this.#place(index));
    }
    this.#additions.output.take(size, this.#place(index));
    return size;
  }

  #appendBody(index: number, type: FunctionType, locals: readonly number[]): void {
    this.#bodies.unsigned(this.#declare(index, type, locals));
    this.#bodies.append(this.#declarations);
    this.#bodies.append(this.#code);
  }

  #body(index: number, type: FunctionType, locals: readonly number[]): Uint8Array {
    const body = new Writer(this.#declare(index, type, locals));
    body.append(this.#declarations);
    body.append(this.#code);
    return body.finish();
  }
}
