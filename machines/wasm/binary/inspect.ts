/** What a module takes and gives, for checks and messages before anything is compiled. */
import { decoded } from './decode.ts';
import type { ExternalKind, Module } from './module.ts';
import { FunctionNames } from './names.ts';
import { type FunctionType, valueTypeName } from './value_type.ts';

/** A function's type with the names of the text format, for example `{params: ['i32'], results: ['i64']}`. */
export interface FunctionSignature {
  readonly params: readonly string[];
  readonly results: readonly string[];
}

export interface ImportDescription {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** Functions only. */
  readonly type?: FunctionSignature;
}

export interface ExportDescription {
  readonly name: string;
  readonly kind: ExternalKind;
  /** Functions only. */
  readonly type?: FunctionSignature;
}

export interface MemoryDescription {
  /** Pages of 64 KiB. */
  readonly min: number;
  /** Pages; undefined where the module states none. */
  readonly max: number | undefined;
  readonly imported: boolean;
  readonly shared: boolean;
}

export interface ModuleDescription {
  readonly imports: readonly ImportDescription[];
  readonly exports: readonly ExportDescription[];
  /** The first memory; undefined where there is none. */
  readonly memory: MemoryDescription | undefined;
  /** Name of a function by its index (imports counted first), as in a stack trace; undefined if it has none. */
  functionName(index: number): string | undefined;
}

/** Throws `not a WebAssembly module: ...` or `Unsupported`, both of kind INVALID. Does not look into the code. */
export function describeModule(source: Uint8Array | Module): ModuleDescription {
  const module = decoded(source);
  const names = new FunctionNames(module);
  // One object a type: any number of imports and exports can have the same, of a thousand parameters.
  const signatures: FunctionSignature[] = [];
  const signature = (index: number): FunctionSignature => {
    const type = module.functions[index];
    signatures[type] ??= signatureOf(module.types[type]);
    return signatures[type];
  };
  const memory = module.memories[0];
  return {
    imports: module.imports.map(entry => ({
      module: entry.module,
      name: entry.name,
      kind: entry.kind,
      ...(entry.kind === 'function' ? { type: signature(entry.index) } : {}),
    })),
    exports: module.exports.map(entry => ({
      name: entry.name,
      kind: entry.kind,
      ...(entry.kind === 'function' ? { type: signature(entry.index) } : {}),
    })),
    memory: memory && {
      min: memory.limits.min,
      max: memory.limits.max,
      imported: memory.imported,
      shared: memory.limits.shared,
    },
    functionName: index => names.get(index),
  };
}

function signatureOf(type: FunctionType): FunctionSignature {
  return { params: type.params.map(valueTypeName), results: type.results.map(valueTypeName) };
}
