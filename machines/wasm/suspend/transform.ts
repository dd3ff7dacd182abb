/**
 * Makes a core WebAssembly module suspendable: calls of its blocking imports can stop the whole stack and go on later,
 * in this instance or in another one, and with fuel so can every loop and every recursion.
 *
 * A function that can be on the stack at such a moment is written anew: after each call that may suspend it looks whether
 * the callee unwound, and if so saves its live values and returns; when it is entered again during a rewind it restores
 * them and jumps to that call. All other functions are copied. The phases: `scan` and `call_graph` find the functions,
 * `flat_code`, `liveness` and `plan` analyse one, `emission` writes it, `assembly` puts the module together. What module
 * and driver agree on is in `control.ts`.
 */
import { decodeModule } from '../binary/decode.ts';
import { readLocals } from '../binary/locals.ts';
import type { Constant, Export, Module } from '../binary/module.ts';
import { FunctionNames } from '../binary/names.ts';
import { Op } from '../binary/opcodes.ts';
import { notAModule, Reader } from '../binary/reader.ts';
import { Feature, refuse, Unsupported } from '../binary/unsupported.ts';
import { valueBytes, ValueType } from '../binary/value_type.ts';
import { Writer } from '../binary/writer.ts';
import { Additions } from './additions.ts';
import { assemble } from './assembly.ts';
import { findSuspendable, type Suspendability } from './call_graph.ts';
import { CodeWriter, declareLocals } from './code_writer.ts';
import { EXPORT_PREFIX, ExportName, globalExport, MAX_PAGES, PAGE_BYTES, resumeExport } from './control.ts';
import { writeResumableCode } from './emission.ts';
import { FlatCode } from './flat_code.ts';
import { addCallEntry, addCharge, addGrow, addResumeEntry, addWait } from './generated_functions.ts';
import { FunctionPlan } from './plan.ts';
import { type FrameTable, FrameTableBuilder } from './saved_stack.ts';
import { type CodeFacts, scanCode } from './scan.ts';
import { writePatchedBody } from './substitution.ts';
import { TypeTable } from './type_table.ts';
import { warningsFor } from './warnings.ts';

export { Unsupported } from '../binary/unsupported.ts';

/** V8's limit for one function body. */
const MAX_BODY_BYTES = 7_654_321;

export interface SuspendOptions {
  /** Whether an imported function may suspend its caller. */
  readonly blocking: (module: string, name: string) => boolean;
  /**
   * `fuel`: loops and recursion count down and stop when nothing is left (8 to 25 % slower). Default `none`.
   */
  readonly preempt?: 'none' | 'fuel';
  /**
   * How far the maximum that the module states for its memory is raised, in pages of 64 KiB: the most that a driver can
   * take for its area. The guest itself stays within its own maximum. Default 16.
   */
  readonly areaPages?: number;
  /**
   * Pages for the area that a memory of the module's own already begins with, so that a driver that needs no more does
   * not have to grow each instance. Default 1.
   */
  readonly builtInPages?: number;
}

export interface SuspendResult {
  readonly bytes: Uint8Array;
  /** False: no call can ever stop; the module gets the exports of its globals and nothing else. */
  readonly suspendable: boolean;
  /** What works differently from what the author may expect, in sentences. */
  readonly warnings: string[];
  /** The mutable numeric globals, exported as `globalExport(index)`: with the memory they are the guest's state. */
  readonly globals: number[];
  /** Where each function's frames are known by; for `readSavedStack`. */
  readonly frames: FrameTable;
}

/**
 * @throws TroupeError INVALID: `not a WebAssembly module: ...`
 * @throws Unsupported (INVALID) for a valid module that this cannot be done for
 */
export function suspendTransform(bytes: Uint8Array, options: SuspendOptions): SuspendResult {
  const module = decodeModule(bytes);
  const names = new FunctionNames(module);
  refuseFeatures(module);
  const types = new TypeTable(module.types);
  const facts = scanCode(module, types, names);
  // From here on the code is trusted to be well typed.
  validate(bytes);
  const fuel = options.preempt === 'fuel';
  const blocking = blockingImports(module, options, names);
  const suspendability = findSuspendable(module, types, facts, blocking, fuel);
  const suspendable = suspendability.functions.includes(1);
  const globals = savedGlobals(module);
  const warnings = warningsFor(module, facts, suspendable);
  if (!suspendable) {
    const frames = new FrameTableBuilder().finish();
    if (globals.length === 0) return { bytes, suspendable, warnings, globals, frames };
    const exports = [...module.exports, ...globals.map(exportedGlobal)];
    const changed = {
      additions: undefined,
      bodies: undefined,
      exports,
      start: module.start,
      referenced: new Set<number>(),
      extraPages: 0,
    };
    return { bytes: assemble(module, changed), suspendable, warnings, globals, frames };
  }
  const additions = new Additions(module, types, fuel, builtInPages(module, options.builtInPages ?? 1));
  const usesMemory = module.memories.length > 0;
  if (fuel) additions.charge = addCharge(additions);
  additions.grow = addGrow(additions, usesMemory ? module.memories[0].limits.max : 0);
  for (const index of blocking) additions.waits.set(index, addWait(additions, index));
  const frames = new FrameTableBuilder();
  const bodies = new BodyWriter(additions, facts, suspendability, names, frames).writeAll();
  const { exports, start } = wrapExports(module, additions, suspendability, globals);
  const changed = {
    additions,
    bodies,
    exports,
    start,
    referenced: facts.referenced,
    extraPages: options.areaPages ?? 16,
  };
  return { bytes: assemble(module, changed), suspendable, warnings, globals, frames: frames.finish() };
}

function refuseFeatures(module: Module): void {
  if (module.tags) refuse(Feature.Exceptions, {});
  if (module.memories.length > 1) refuse(Feature.MultiMemory, {});
  const limits = module.memories[0]?.limits;
  if (limits?.wide) refuse(Feature.Memory64, { offset: limits.range.start });
  const reserved = module.exports.find(entry => entry.name.startsWith(EXPORT_PREFIX));
  if (reserved !== undefined) {
    throw new Unsupported(
      `the export name '${reserved.name}'`,
      `Rename it: names that begin with '${EXPORT_PREFIX}' are taken by the host.`,
    );
  }
}

function validate(bytes: Uint8Array): void {
  if (WebAssembly.validate(bytes)) return;
  let reason = 'it is not valid';
  try {
    new WebAssembly.Module(bytes);
  } catch (error) {
    reason = (error as Error).message.replace(/^WebAssembly\.Module\(\): /, '');
  }
  const offset = /@\+(\d+)$/.exec(reason);
  throw notAModule(reason.replace(/ @\+\d+$/, ''), offset === null ? 0 : Number(offset[1]));
}

function blockingImports(module: Module, options: SuspendOptions, names: FunctionNames): Set<number> {
  const blocking = new Set<number>();
  for (const entry of module.imports) {
    if (entry.kind !== 'function' || !options.blocking(entry.module, entry.name)) continue;
    const { results } = module.types[module.functions[entry.index]];
    if (results.some(type => valueBytes(type) === 0)) {
      throw new Unsupported(
        'a blocking import that answers with a reference',
        'References cannot be saved in memory: let it answer with a number.',
        { functionIndex: entry.index, functionName: names.get(entry.index) },
      );
    }
    blocking.add(entry.index);
  }
  return blocking;
}

/** JavaScript cannot read v128, and references are not bytes: those are warned about. */
function savedGlobals(module: Module): number[] {
  const saved: number[] = [];
  module.globals.forEach((global, index) => {
    if (global.mutable && valueBytes(global.type) > 0 && global.type !== ValueType.V128) saved.push(index);
  });
  return saved;
}

/**
 * How many pages for the area the memory can begin with. None if a data segment might be copied there instead of
 * failing, and none in an imported memory.
 */
function builtInPages(module: Module, wanted: number): number {
  const memory = module.memories[0];
  if (memory === undefined) return wanted;
  const { min } = memory.limits;
  if (memory.imported || min + wanted > MAX_PAGES) return 0;
  const fits = module.data.every(({ offset, content }) => {
    if (offset === undefined) return true;
    const address = constantWord(module, offset);
    return address !== undefined && address + (content.end - content.start) <= min * PAGE_BYTES;
  });
  return fits ? wanted : 0;
}

/** The value of a constant expression that is a single `i32.const`. */
function constantWord(module: Module, constant: Constant): number | undefined {
  const reader = new Reader(module.bytes, constant.start, constant.end);
  if (reader.byte() !== Op.I32Const) return undefined;
  const value = reader.signed();
  return reader.byte() === Op.End ? value >>> 0 : undefined;
}

function exportedGlobal(index: number): Export {
  return { name: globalExport(index), kind: 'global', index };
}

/** Every export of a suspendable function is entered through a function that prepares the call, and can be resumed. */
function wrapExports(
  module: Module,
  additions: Additions,
  suspendability: Suspendability,
  globals: readonly number[],
): { exports: Export[]; start: number | undefined } {
  const exports: Export[] = [];
  const entries = new Map<number, { call: number; resume: number }>();
  const wrap = (name: string, index: number) => {
    let entry = entries.get(index);
    if (entry === undefined) {
      entry = { call: addCallEntry(additions, index), resume: addResumeEntry(additions, index) };
      entries.set(index, entry);
    }
    exports.push({ name, kind: 'function', index: entry.call });
    exports.push({ name: resumeExport(name), kind: 'function', index: entry.resume });
  };
  for (const entry of module.exports) {
    if (entry.kind === 'function' && suspendability.functions[entry.index]) wrap(entry.name, entry.index);
    else exports.push(entry);
  }
  let start = module.start;
  if (start !== undefined && suspendability.functions[start]) {
    wrap(ExportName.Start, start);
    start = undefined;
  }
  exports.push({ name: ExportName.Control, kind: 'global', index: additions.globals.control });
  exports.push({ name: ExportName.AreaPages, kind: 'global', index: additions.globals.areaPages });
  if (additions.fuel) exports.push({ name: ExportName.Fuel, kind: 'global', index: additions.globals.fuel });
  exports.push({ name: ExportName.Grow, kind: 'function', index: additions.grow });
  exports.push({ name: ExportName.Memory, kind: 'memory', index: 0 });
  exports.push(...globals.map(exportedGlobal));
  return { exports, start };
}

/** Writes the bodies of the module's own functions, each with its size in front. */
class BodyWriter {
  readonly #additions: Additions;
  readonly #facts: CodeFacts;
  readonly #suspendability: Suspendability;
  readonly #names: FunctionNames;
  readonly #frames: FrameTableBuilder;
  readonly #flat: FlatCode;
  readonly #code: CodeWriter;
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
    const { module, types, fuel } = additions;
    this.#additions = additions;
    this.#facts = facts;
    this.#suspendability = suspendability;
    this.#names = names;
    this.#frames = frames;
    this.#flat = new FlatCode(module, types, suspendability, fuel);
    this.#code = new CodeWriter(types, 1 << 16);
    this.#bodies = new Writer(Math.ceil(module.bytes.length * 1.5));
    for (const index of additions.waits.keys()) {
      if (facts.addressTaken.has(index)) this.#importTypes.add(types.canonical(module.functions[index]));
    }
  }

  writeAll(): Writer {
    const { module } = this.#additions;
    for (let index = module.importedFunctions; index < module.functions.length; index++) {
      if (this.#suspendability.functions[index] && this.#writeSuspendable(index)) continue;
      if (this.#facts.needsPatch[index]) this.#writePatched(index);
      else this.#copy(index);
    }
    return this.#bodies;
  }

  #copy(index: number): void {
    const { bytes, bodies, importedFunctions } = this.#additions.module;
    const { start, end } = bodies[index - importedFunctions];
    this.#bodies.unsigned(end - start);
    this.#bodies.copy(bytes, start, end);
  }

  #writePatched(index: number): void {
    this.#code.clear();
    writePatchedBody(this.#code, this.#additions, index);
    this.#bodies.unsigned(this.#code.length);
    this.#bodies.append(this.#code);
  }

  /** False where all that could suspend is unreachable code. */
  #writeSuspendable(index: number): boolean {
    const additions = this.#additions;
    const { module, types } = additions;
    const body = module.bodies[index - module.importedFunctions];
    const type = module.types[module.functions[index]];
    const locals = [...type.params];
    const start = readLocals(module.bytes, body, locals);
    const flat = this.#flat;
    const place = { functionIndex: index, functionName: this.#names.get(index) };
    const entryCheck = this.#suspendability.entryChecks[index] === 1;
    flat.read(start, body.end, type, locals);
    if (flat.targets === 0 && !entryCheck) return false;
    const plan = new FunctionPlan(flat, locals, {
      fuel: additions.fuel,
      entryCheck,
      reachesImport: at =>
        flat.op[at] === Op.Call
          ? additions.waits.has(flat.first[at])
          : this.#importTypes.has(types.canonical(flat.first[at])),
      firstPoint: this.#frames.nextPoint,
      place,
    });
    this.#frames.add(index, plan.points, plan.frameBytes);
    writeResumableCode(this.#code, additions, plan, type);
    this.#declarations.clear();
    declareLocals(this.#declarations, plan.locals, type.params.length);
    const size = this.#declarations.length + this.#code.length;
    if (size > MAX_BODY_BYTES) throw new Unsupported('too long a function', 'Split the function.', place);
    this.#bodies.unsigned(size);
    this.#bodies.append(this.#declarations);
    this.#bodies.append(this.#code);
    return true;
  }
}
