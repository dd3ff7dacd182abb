/**
 * WebAssembly: `process.wasm`, `function.wasm` and `function.wat`. The ABI is in `README.md`.
 *
 * `prepare` compiles (WAT, AssemblyScript), checks the module against the ABI and makes it suspendable; `load` links it
 * against what the host grants; a process is an instance.
 */
import { createHash } from 'node:crypto';
import { TroupeError, toTroupeError } from '../../runtime/errors.ts';
import type { Artifact, Entry, ImportTable, MachineType, PrepareTools, Program } from '../../runtime/machine.ts';
import { showPlace } from '../../runtime/registry/entry.ts';
import { canBlock } from './abi/calls.ts';
import type { WasmArtifact } from './artifact.ts';
import { describeModule } from './binary/inspect.ts';
import { limitMemory } from './binary/limit.ts';
import { Unsupported } from './binary/unsupported.ts';
import { parseWit, type WitFunction } from './functions/wit.ts';
import { WasmProgram } from './instance/program.ts';
import { compileAssemblyscript } from './sources/assemblyscript.ts';
import { compileWat } from './sources/wat.ts';
import { suspendTransform } from './suspend/transform.ts';
import { verifyModule } from './verify.ts';

const PAGE_BYTES = 65_536;

export const wasmMachine: MachineType = {
  kinds: ['process.wasm', 'function.wasm', 'function.wat'],

  async prepare(entry: Entry, tools: PrepareTools): Promise<Artifact> {
    const bytes = await moduleOf(entry, tools);
    const wit = witOf(entry);
    const module = at(entry, () => describeModule(bytes));
    const verified = verifyModule(entry, bytes, module, wit);
    const { bytes: runnable, suspendable, preemptable, state } = at(entry, () => suspendableForm(entry, bytes));
    const data: WasmArtifact = {
      module: await compile(entry, runnable),
      original: bytes,
      suspendable,
      preemptable,
      state,
      imports: verified.imports,
      exports: verified.exports,
      wit,
      assemblyscript: wit.length > 0 && verified.assemblyscript,
    };
    const sha256 = createHash('sha256').update(runnable).update(JSON.stringify(wit)).digest('hex');
    return { sha256, data };
  },

  load(entry: Entry, artifact: Artifact, imports: ImportTable): Program {
    const data = artifact.data as WasmArtifact;
    return new WasmProgram(entry, data, limited(entry, data, memoryLimit(imports)), imports);
  },
};

/** The entry's module in the binary format. */
function moduleOf(entry: Entry, tools: PrepareTools): Promise<Uint8Array> | Uint8Array {
  if (entry.kind === 'function.wat') return compileWat(entry);
  if (entry.data.language === 'assemblyscript') return compileAssemblyscript(entry, tools);
  return entry.source!.bytes;
}

function witOf(entry: Entry): WitFunction[] {
  const { wit } = entry.data;
  return typeof wit === 'string' ? at(entry, () => parseWit(wit)) : [];
}

interface Runnable {
  readonly bytes: Uint8Array;
  readonly suspendable: boolean;
  readonly preemptable: boolean;
  readonly state: readonly number[] | undefined;
}

/**
 * The module with its blocking calls suspendable and, unless `meta.preempt` is false, its loops interruptible. A module
 * that waits nowhere and uses what the transform does not know runs as it is.
 */
function suspendableForm(entry: Entry, bytes: Uint8Array): Runnable {
  const preemptable = entry.meta.preempt !== false;
  try {
    const {
      bytes: transformed,
      suspendable,
      globals,
      warnings,
    } = suspendTransform(bytes, {
      blocking: canBlock,
      preempt: preemptable ? 'fuel' : 'none',
    });
    // Each warning names something that changes besides memory and globals.
    const state = warnings.length === 0 ? globals : undefined;
    return { bytes: transformed, suspendable, preemptable, state };
  } catch (thrown) {
    const waits = describeModule(bytes).imports.some(one => canBlock(one.module, one.name));
    if (!(thrown instanceof Unsupported) || waits) throw thrown;
    return { bytes, suspendable: false, preemptable: false, state: undefined };
  }
}

async function compile(entry: Entry, bytes: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (thrown) {
    const text = (thrown as Error).message.replace(/^WebAssembly\.compile\(\): /, '');
    throw located(entry, new TroupeError(`not a valid WebAssembly module: ${text}`, { kind: 'INVALID' }));
  }
}

/** The most bytes of memory that the host gives one process; undefined: no limit. */
function memoryLimit(imports: ImportTable): number | undefined {
  return (imports as { readonly memory?: number }).memory;
}

/** The module with its memory bounded. */
function limited(entry: Entry, data: WasmArtifact, bytes: number | undefined): WebAssembly.Module {
  if (bytes === undefined) return data.module;
  const bounded = at(entry, () => limitMemory(data.original, Math.floor(bytes / PAGE_BYTES)));
  if (bounded === data.original) return data.module;
  return new WebAssembly.Module(suspendableForm(entry, bounded).bytes);
}

/** Run a check; what it throws gets the entry's id and the place of its source. */
function at<T>(entry: Entry, check: () => T): T {
  try {
    return check();
  } catch (thrown) {
    throw located(entry, toTroupeError(thrown, 'INTERNAL'));
  }
}

function located(entry: Entry, error: TroupeError): TroupeError {
  return new TroupeError(`${entry.id}: ${error.message}`, {
    kind: error.kind,
    retryable: false,
    details: { ...error.details, place: showPlace(entry.source?.place ?? entry.place) },
  });
}
