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
  BuildTools,
  BuiltFile,
  Entry,
  ImportTable,
  MachineType,
  PrepareTools,
  Program,
  Shared,
} from '../../runtime/machine.ts';
import { showPlace } from '../../runtime/registry/entry.ts';
import type { WasmArtifact } from './artifact.ts';
import { compileModule } from './binary/compile.ts';
import { decodeModule } from './binary/decode.ts';
import { describeModule } from './binary/inspect.ts';
import { type Form, FORM_VERSION } from './form.ts';
import { parseWit } from './functions/wit.ts';
import type { WitFunction } from './functions/wit_type.ts';
import { AddressSpace } from './instance/address_space.ts';
import { imageIdentity } from './instance/image.ts';
import { type RunnableModule, WasmProgram } from './instance/program.ts';
import { compileAssemblyscript, type Optimize } from './sources/assemblyscript.ts';
import { cacheFolder } from './sources/cache.ts';
import { type FormRequest, keptForm } from './sources/kept_form.ts';
import { compileWat, showWat } from './sources/wat.ts';
import type { Preemption } from './suspend/preemption.ts';
import { verifyModule } from './verify.ts';

const PAGE_BYTES = 65_536;

export const wasmMachine: MachineType = {
  kinds: ['process.wasm', 'function.wasm', 'function.wat'],

  async prepare(entry: Entry, tools: PrepareTools): Promise<Artifact> {
    const bytes = await moduleOf(entry, tools, tools.quick ? 'nothing' : 'speed');
    const wit = witOf(entry);
    const decoded = at(entry, () => decodeModule(bytes));
    const module = describeModule(decoded);
    const verified = verifyModule(entry, decoded, module, wit);
    const cache = cacheFolder(tools.root);
    const request: FormRequest = { preempt: wantedPreempt(entry, 'resume'), pages: undefined };
    const { form, bytes: runnable } = at(entry, () => keptForm(cache, decoded, request));
    const data: WasmArtifact = {
      module: at(entry, () => compileModule(runnable)),
      form,
      original: bytes,
      memory: module.memory,
      cache,
      imports: verified.imports,
      exports: verified.exports,
      wit,
      assemblyscript: wit.length > 0 && verified.assemblyscript,
    };
    const sha256 = createHash('sha256').update(runnable).update(JSON.stringify(wit)).digest('hex');
    return { sha256, data };
  },

  async build(entry: Entry, tools: BuildTools): Promise<readonly BuiltFile[] | undefined> {
    if (!isCompiled(entry)) return undefined;
    const bytes = await moduleOf(entry, tools, tools.optimize);
    const files: BuiltFile[] = [{ extension: '.wasm', bytes }];
    if (tools.text) files.push({ extension: '.wat', bytes: new TextEncoder().encode(await showWat(entry, bytes)) });
    return files;
  },

  share(): Shared {
    const data = AddressSpace.create();
    return { data, release: () => undefined, lost: thread => AddressSpace.lost(data, thread) };
  },

  load(entry: Entry, artifact: Artifact, imports: ImportTable, shared?: unknown): Program {
    const data = artifact.data as WasmArtifact;
    const module = at(entry, () => linkable(entry, artifact.sha256, data, imports));
    const counter = (shared as SharedArrayBuffer | undefined) ?? AddressSpace.create();
    return new WasmProgram(entry, data, module, imports, new AddressSpace(counter));
  },
};

/** The module for one host: with its memory bounded, and stoppable as the host wants it. */
function linkable(entry: Entry, sha256: string, data: WasmArtifact, imports: ImportTable): RunnableModule {
  const { memory } = imports;
  const pages = boundOf(data, memory);
  const preempt = wantedPreempt(entry, imports.preempt ?? 'resume');
  refuseUnstoppable(data, imports, preempt);
  if (pages === undefined && (preempt === data.form.preempt || data.form.preempt === 'none')) {
    return { module: data.module, form: data.form, identity: imageIdentity(sha256, data.form.preempt) };
  }
  // The hash is that of the usual form; a change of the transform may show in this one only.
  const form = `${FORM_VERSION} ${preempt} ${memory}`;
  return { ...variant(data, { preempt, pages }), identity: imageIdentity(sha256, form) };
}

/** A host that limits computing runs nothing that it cannot stop. */
function refuseUnstoppable({ form }: WasmArtifact, imports: ImportTable, preempt: Preemption): void {
  if (imports.cpuSlice === undefined && imports.cpuTotal === undefined) return;
  if (preempt !== 'none' && form.preempt !== 'none') return;
  const why = preempt === 'none' ? 'its entry says "meta: {preempt: false}"' : `it uses ${form.unstoppable}`;
  throw new TroupeError(
    `nothing could stop it, because ${why}, but ${imports.host} has limits for computing ("cpu_slice", "cpu_total"): ` +
      'run it on a host without these',
    { kind: 'PERMISSION_DENIED', retryable: false },
  );
}

/** The most pages that the memory may have on a host that allows these bytes; undefined where it states no more itself. */
function boundOf({ memory }: WasmArtifact, allowed: number | undefined): number | undefined {
  if (allowed === undefined || memory === undefined) return undefined;
  const pages = Math.floor(allowed / PAGE_BYTES);
  return memory.max !== undefined && memory.max <= pages ? undefined : pages;
}

interface Variant {
  readonly module: WebAssembly.Module;
  readonly form: Form;
}

/** Forms for other hosts that this thread has made, so that hosts with the same limits share them. */
const variants = new WeakMap<WasmArtifact, Map<string, Variant>>();

function variant(data: WasmArtifact, request: FormRequest): Variant {
  let known = variants.get(data);
  if (known === undefined) {
    known = new Map();
    variants.set(data, known);
  }
  const key = `${request.preempt} ${request.pages}`;
  let made = known.get(key);
  if (made === undefined) {
    const { form, bytes } = keptForm(data.cache, data.original, request);
    made = { form, module: compileModule(bytes) };
    known.set(key, made);
  }
  return made;
}

/** `meta: {preempt: false}` leaves the counting of loops out, for an entry that is trusted to return. */
function wantedPreempt(entry: Entry, otherwise: Preemption): Preemption {
  return entry.meta.preempt === false ? 'none' : otherwise;
}

/** Whether its source is not the module itself. */
function isCompiled(entry: Entry): boolean {
  return entry.kind === 'function.wat' || entry.data.language === 'assemblyscript';
}

/** The entry's module in the binary format. */
function moduleOf(
  entry: Entry,
  tools: Pick<PrepareTools, 'root' | 'read'>,
  optimize: Optimize,
): Promise<Uint8Array> | Uint8Array {
  if (!isCompiled(entry)) return entry.source!.bytes;
  return entry.kind === 'function.wat' ? compileWat(entry) : compileAssemblyscript(entry, tools, optimize);
}

function witOf(entry: Entry): WitFunction[] {
  const { wit } = entry.data;
  return typeof wit === 'string' ? at(entry, () => parseWit(wit)) : [];
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
