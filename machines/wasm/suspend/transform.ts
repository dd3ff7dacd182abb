/**
 * Makes a core WebAssembly module suspendable: calls of its blocking imports can stop the whole stack and go on later,
 * in this instance or in another one, and with fuel every loop and every recursion can be stopped, too.
 *
 * A function that can be on the stack at such a moment is written anew: after each call that may suspend it looks whether
 * the callee unwound, and if so saves its live values and returns; when it is entered again during a rewind it restores
 * them and jumps to that call. What can restore costs speed even if it never does, so most of these functions are written
 * twice: one copy that is called and can only save, one that is entered to be resumed and stays until the function
 * returns. All other functions are copied. The phases: `scan` and `call_graph` find the functions, `flat_code`, `liveness`
 * and `plan` analyse one, `emission` and `straight_code` write it, `assembly` puts the module together. What module and
 * driver agree on is in `control.ts`.
 */
import { compileModule } from '../binary/compile.ts';
import { decoded } from '../binary/decode.ts';
import type { Constant, Export, Module } from '../binary/module.ts';
import { FunctionNames } from '../binary/names.ts';
import { Op } from '../binary/opcodes.ts';
import { Reader } from '../binary/reader.ts';
import { Feature, refuse, Unsupported } from '../binary/unsupported.ts';
import { valueBytes } from '../binary/value_type.ts';
import { Additions } from './additions.ts';
import { assemble } from './assembly.ts';
import { findSuspendable, type Suspendability } from './call_graph.ts';
import {
  EXPORT_PREFIX,
  ExportName,
  MAX_GLOBAL_BYTES,
  MAX_PAGES,
  PAGE_BYTES,
  resumeExport,
  USUAL_MEMORY,
} from './control.ts';
import { BodyWriter, type Copies } from './function_bodies.ts';
import {
  addCallEntry,
  addCharge,
  addExtend,
  addGrow,
  addLoadGlobals,
  addResumeEntry,
  addSaveGlobals,
  addWait,
} from './generated_functions.ts';
import type { Preemption } from './preemption.ts';
import { type FrameTable, FrameTableBuilder } from './saved_stack.ts';
import { scanCode } from './scan.ts';
import { TypeTable } from './type_table.ts';
import { warningsFor } from './warnings.ts';

export { Unsupported } from '../binary/unsupported.ts';

export interface SuspendOptions {
  /** Whether an imported function may suspend its caller. */
  readonly blocking: (module: string, name: string) => boolean;
  /** What happens when the fuel is spent; `resume` and, less, `kill` make loops and recursion slower. Default `none`. */
  readonly preempt?: Preemption;
  /** Which functions are written twice: those that gain by it (`auto`, the default), none or all. */
  readonly copies?: Copies;
  /**
   * Exports that are called by `callWithin` only: they are not resumed. Every export that an instance need not make saves a
   * microsecond or two of its making.
   */
  readonly withinOnly?: (name: string) => boolean;
  /**
   * The most that the area can become, in pages of 64 KiB: it grows when the saved stack needs it. The maximum that the
   * module states for its memory is raised by so many; the guest itself stays within its own. Default 16.
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
  /** False: no call can ever stop and go on. */
  readonly suspendable: boolean;
  /** What works differently from what the author may expect, in sentences. */
  readonly warnings: string[];
  /** Length of what `saveGlobals` of a driver gives: with the memory it is the guest's state. */
  readonly globalBytes: number;
  /** Where each function's frames are known by; for `readSavedStack`. */
  readonly frames: FrameTable;
  /**
   * For stack traces: by each function that was added behind those of the module, in the order of their indices, the
   * index of the function that it is a copy of, or -1. Plain words, so that it travels between threads.
   */
  readonly origins: Int32Array;
}

/**
 * The function of the original module that a frame with this index shows, -1 if it shows none.
 *
 * Where the frame next to a copy, on its outside, is of the very function that it is a copy of, both are one activation:
 * one that was resumed by an indirect call.
 *
 * @param count how many functions the original module has, imported ones included
 */
export function originOf(index: number, count: number, origins: Int32Array): number {
  return index < count ? index : (origins[index - count] ?? -1);
}

/**
 * @throws TroupeError INVALID: `not a WebAssembly module: ...`
 * @throws Unsupported (INVALID) for a valid module that this cannot be done for
 */
export function suspendTransform(source: Uint8Array | Module, options: SuspendOptions): SuspendResult {
  const module = decoded(source);
  const { bytes } = module;
  const names = new FunctionNames(module);
  refuseFeatures(module);
  const types = new TypeTable(module.types);
  const facts = scanCode(module, types, names);
  // From here on the code is trusted to be well typed.
  validate(bytes);
  const preempt = options.preempt ?? 'none';
  const blocking = blockingImports(module, options, names);
  const suspendability = findSuspendable(module, types, facts, blocking, preempt);
  const suspendable = suspendability.functions.includes(1);
  const globals = savedGlobals(module);
  const globalBytes = bytesOf(module, globals);
  const warnings = warningsFor(module, facts, suspendable, globalBytes);
  if (!suspendable && globals.length === 0 && !(preempt !== 'none' && suspendability.spends.includes(1))) {
    const frames = new FrameTableBuilder().finish();
    return { bytes, suspendable, warnings, globalBytes, frames, origins: new Int32Array(0) };
  }
  const areaPages = options.areaPages ?? 16;
  const additions = new Additions(module, types, preempt, builtInPages(module, options.builtInPages ?? 1));
  const usesMemory = module.memories.length > 0;
  if (additions.fuel) additions.charge = addCharge(additions);
  additions.grow = addGrow(additions, usesMemory ? module.memories[0].limits.max : 0);
  additions.extend = addExtend(additions, areaPages);
  for (const index of blocking) additions.waits.set(index, addWait(additions, index));
  const frames = new FrameTableBuilder();
  const bodies = new BodyWriter(additions, facts, suspendability, names, frames).writeAll(options.copies ?? 'auto');
  const { exports, start } = wrapExports(module, additions, suspendability, options.withinOnly ?? never);
  if (globals.length > 0 && globalBytes <= MAX_GLOBAL_BYTES) exports.push(...globalTransfers(additions, globals));
  const changed = {
    additions,
    bodies,
    exports,
    start,
    referenced: facts.referenced,
    extraPages: areaPages,
  };
  return {
    bytes: assemble(module, changed),
    suspendable,
    warnings,
    globalBytes,
    frames: frames.finish(),
    origins: Int32Array.from(additions.functions, added => added.origin),
  };
}

const never = () => false;

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
  // Compiling says what is wrong.
  if (!WebAssembly.validate(bytes)) compileModule(bytes);
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

/** The mutable ones. References are not bytes: those are warned about. */
function savedGlobals(module: Module): number[] {
  const saved: number[] = [];
  module.globals.forEach((global, index) => {
    if (global.mutable && valueBytes(global.type) > 0) saved.push(index);
  });
  return saved;
}

function bytesOf(module: Module, globals: readonly number[]): number {
  return globals.reduce((sum, index) => sum + valueBytes(module.globals[index].type), 0);
}

function globalTransfers(additions: Additions, globals: readonly number[]): Export[] {
  return [
    { name: ExportName.SaveGlobals, kind: 'function', index: addSaveGlobals(additions, globals) },
    { name: ExportName.LoadGlobals, kind: 'function', index: addLoadGlobals(additions, globals) },
  ];
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

/**
 * Every export of a function that can be suspended or can spend fuel is entered through a function that prepares the
 * call. The former can be resumed, too.
 */
function wrapExports(
  module: Module,
  additions: Additions,
  suspendability: Suspendability,
  withinOnly: (name: string) => boolean,
): { exports: Export[]; start: number | undefined } {
  const exports: Export[] = [];
  const entries = new Map<number, { readonly call: number; readonly resume: number | undefined }>();
  const prepared = (index: number) =>
    suspendability.functions[index] === 1 || (additions.fuel && suspendability.spends[index] === 1);
  const wrap = (name: string, index: number) => {
    let entry = entries.get(index);
    if (entry === undefined) {
      const resume = suspendability.functions[index] ? addResumeEntry(additions, index) : undefined;
      entry = { call: addCallEntry(additions, index), resume };
      entries.set(index, entry);
    }
    exports.push({ name, kind: 'function', index: entry.call });
    if (entry.resume === undefined || withinOnly(name)) return;
    exports.push({ name: resumeExport(name), kind: 'function', index: entry.resume });
  };
  for (const entry of module.exports) {
    if (entry.kind === 'function' && prepared(entry.index)) wrap(entry.name, entry.index);
    else exports.push(entry);
  }
  let start = module.start;
  if (start !== undefined && prepared(start)) {
    wrap(ExportName.Start, start);
    start = undefined;
  }
  exports.push({ name: ExportName.Control, kind: 'global', index: additions.globals.control });
  exports.push({ name: ExportName.AreaPages, kind: 'global', index: additions.globals.areaPages });
  if (additions.fuel) exports.push({ name: ExportName.Fuel, kind: 'global', index: additions.globals.fuel });
  exports.push({ name: ExportName.Grow, kind: 'function', index: additions.grow });
  const usual = module.exports.some(entry => entry.kind === 'memory' && entry.name === USUAL_MEMORY);
  if (!usual) exports.push({ name: ExportName.Memory, kind: 'memory', index: 0 });
  return { exports, start };
}
