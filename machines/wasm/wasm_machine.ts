/**
 * WebAssembly: `process.wasm`, `function.wasm` and `function.wat`. The ABI is in `README.md`.
 *
 * `prepare` compiles (WAT, AssemblyScript), checks the module against the ABI and makes it suspendable; `load` links it
 * against what the host grants; a process is an instance.
 */
import { createHash } from 'node:crypto';
import { TroupeError, toTroupeError } from '../../runtime/errors.ts';
import type {
  Artifact,
  Entry,
  ImportTable,
  MachineType,
  PrepareTools,
  Program,
  Shared,
} from '../../runtime/machine.ts';
import { showPlace } from '../../runtime/registry/entry.ts';
import type { WasmArtifact } from './artifact.ts';
import { describeModule } from './binary/inspect.ts';
import { limitMemory } from './binary/limit.ts';
import { runnableForm } from './form.ts';
import { parseWit } from './functions/wit.ts';
import type { WitFunction } from './functions/wit_type.ts';
import { AddressSpace, COUNTER_BYTES } from './instance/address_space.ts';
import { imageIdentity } from './instance/image.ts';
import { type RunnableModule, WasmProgram } from './instance/program.ts';
import { compileAssemblyscript } from './sources/assemblyscript.ts';
import { compileWat } from './sources/wat.ts';
import type { Preemption } from './suspend/preemption.ts';
import { verifyModule } from './verify.ts';

const PAGE_BYTES = 65_536;

export const wasmMachine: MachineType = {
  kinds: ['process.wasm', 'function.wasm', 'function.wat'],

  async prepare(entry: Entry, tools: PrepareTools): Promise<Artifact> {
    const bytes = await moduleOf(entry, tools);
    const wit = witOf(entry);
    const module = at(entry, () => describeModule(bytes));
    const verified = verifyModule(entry, bytes, module, wit);
    const { form, bytes: runnable } = at(entry, () => runnableForm(bytes, wantedPreempt(entry, 'resume')));
    const data: WasmArtifact = {
      module: await compile(entry, runnable),
      form,
      original: bytes,
      imports: verified.imports,
      exports: verified.exports,
      wit,
      assemblyscript: wit.length > 0 && verified.assemblyscript,
    };
    const sha256 = createHash('sha256').update(runnable).update(JSON.stringify(wit)).digest('hex');
    return { sha256, data };
  },

  share(): Shared {
    return { data: new SharedArrayBuffer(COUNTER_BYTES), release: () => undefined };
  },

  load(entry: Entry, artifact: Artifact, imports: ImportTable, shared?: unknown): Program {
    const data = artifact.data as WasmArtifact;
    const module = at(entry, () => linkable(entry, artifact.sha256, data, imports));
    const counter = (shared as SharedArrayBuffer | undefined) ?? new SharedArrayBuffer(COUNTER_BYTES);
    return new WasmProgram(entry, data, module, imports, new AddressSpace(counter));
  },
};

/** The module for one host: with its memory bounded, and stoppable as the host wants it. */
function linkable(entry: Entry, sha256: string, data: WasmArtifact, imports: ImportTable): RunnableModule {
  const { memory } = imports;
  const bounded = memory === undefined ? data.original : limitMemory(data.original, Math.floor(memory / PAGE_BYTES));
  const preempt = wantedPreempt(entry, imports.preempt ?? 'resume');
  if (bounded === data.original && (preempt === data.form.preempt || data.form.preempt === 'none')) {
    return { module: data.module, form: data.form, identity: imageIdentity(sha256, data.form.preempt) };
  }
  const { form, bytes } = runnableForm(bounded, preempt);
  return { module: new WebAssembly.Module(bytes), form, identity: imageIdentity(sha256, `${preempt} ${memory}`) };
}

/** `meta: {preempt: false}` leaves the counting of loops out, for an entry that is trusted to return. */
function wantedPreempt(entry: Entry, otherwise: Preemption): Preemption {
  return entry.meta.preempt === false ? 'none' : otherwise;
}

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

async function compile(entry: Entry, bytes: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (thrown) {
    const text = (thrown as Error).message.replace(/^WebAssembly\.compile\(\): /, '');
    throw located(entry, new TroupeError(`not a valid WebAssembly module: ${text}`, { kind: 'INVALID' }));
  }
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
