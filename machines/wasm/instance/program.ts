import { instantiateSync } from '@assemblyscript/loader';
import { TroupeError } from '../../../runtime/errors.ts';
import type { Entry, ImportTable, Program, StateMachine } from '../../../runtime/machine.ts';
import { showPlace } from '../../../runtime/registry/entry.ts';
import type { WasmArtifact } from '../artifact.ts';
import { decodeModule } from '../binary/decode.ts';
import { FunctionNames } from '../binary/names.ts';
import { type EntryPoint, NumericEntry } from '../functions/entry_point.ts';
import { assemblyscriptPassing, canonicalPassing } from '../functions/passing.ts';
import { WitEntry } from '../functions/wit_entry.ts';
import { methodMissing } from '../verify.ts';
import { Guest, type Running } from './guest.ts';
import { HANDLER_EXPORTS, Handlers } from './handlers.ts';
import { linkModule } from './link.ts';
import { Loaded } from './loaded.ts';
import { InstancePool } from './pool.ts';
import { trapError } from './trap.ts';

/** A module linked against one host's imports: compiled once, instantiated for each process. */
export class WasmProgram implements Program {
  readonly payloads = 'packed';
  /** Who is being stepped. */
  readonly running: Running = { guest: undefined as unknown as Guest };
  /** Whether a call can be suspended at all. */
  readonly suspendable: boolean;
  /** How errors show a function by its index; undefined for those that the transform has added. */
  readonly functionName = (index: number): string | undefined => {
    const { names, count } = this.#functions;
    return index < count ? (names.get(index) ?? `function ${index}`) : undefined;
  };

  readonly #id: string;
  readonly #place: string;
  readonly #artifact: WasmArtifact;
  readonly #module: WebAssembly.Module;
  readonly #imports: WebAssembly.Imports;
  readonly #pool: InstancePool | undefined;
  readonly #entries = new Map<string, EntryPoint | Handlers>();
  #named: FunctionNaming | undefined;

  /** Throws PERMISSION_DENIED or INVALID for an import that the host does not grant. */
  constructor(entry: Entry, artifact: WasmArtifact, module: WebAssembly.Module, imports: ImportTable) {
    this.#id = entry.id;
    this.#place = showPlace(entry.source?.place ?? entry.place);
    this.#artifact = artifact;
    this.#module = module;
    this.suspendable = artifact.suspendable;
    this.#pool = artifact.state === undefined ? undefined : new InstancePool(artifact.state);
    this.#imports = linkModule(entry, artifact.imports, imports, this.running);
  }

  create(): StateMachine {
    const used = this.#pool?.take();
    if (used !== undefined) return new Guest(this, used);
    const { running } = this;
    const outer = running.guest;
    // A start function runs here, before there is a process that could act.
    running.guest = undefined as unknown as Guest;
    try {
      const loaded = this.#instantiate();
      this.#pool?.made(loaded);
      return new Guest(this, loaded);
    } catch (thrown) {
      throw this.#creationError(thrown);
    } finally {
      running.guest = outer;
    }
  }

  #instantiate(): Loaded {
    if (!this.#artifact.assemblyscript)
      return new Loaded(new WebAssembly.Instance(this.#module, this.#imports), undefined);
    // The loader adds to the object that it is given.
    const { instance, exports } = instantiateSync(this.#module, { ...this.#imports });
    return new Loaded(instance, exports);
  }

  #creationError(thrown: unknown): TroupeError {
    if (thrown instanceof TroupeError) return thrown;
    if (thrown instanceof RangeError) {
      return new TroupeError(
        `no room for another instance of ${this.#id}: ${thrown.message}; let some processes end first`,
        { kind: 'UNAVAILABLE', retryable: true },
      );
    }
    if (thrown instanceof TypeError) {
      return new TroupeError(
        `${this.#id} calls an import in its start function, before the process exists; do it in an export ` +
          '"_initialize" instead (AssemblyScript: --exportStart _initialize)',
        { kind: 'INVALID', retryable: false, place: this.#place },
      );
    }
    return trapError(thrown, this.functionName);
  }

  /** How a method is called. Throws INVALID where the module has none of this name that can be. */
  entry(method: string): EntryPoint | Handlers {
    let entry = this.#entries.get(method);
    if (entry === undefined) {
      entry = this.#findEntry(method);
      this.#entries.set(method, entry);
    }
    return entry;
  }

  #findEntry(method: string): EntryPoint | Handlers {
    const { exports, wit, assemblyscript } = this.#artifact;
    const type = Object.hasOwn(exports, method) ? exports[method] : undefined;
    if (type === undefined) {
      if (HANDLER_EXPORTS.some(name => Object.hasOwn(exports, name))) return new Handlers(exports);
      throw methodMissing(this.#id, method, exports, this.#place);
    }
    const signature = wit.find(known => known.name === method);
    if (signature === undefined) return new NumericEntry(method, type);
    return new WitEntry(signature, method, assemblyscript ? assemblyscriptPassing : canonicalPassing);
  }

  /** The guest is closed: let go of its instance, or keep it for another one. */
  released(guest: Guest): void {
    if (this.running.guest === guest) this.running.guest = undefined as unknown as Guest;
    if (!guest.trapped) this.#pool?.give(guest.loaded);
  }

  /** Names are read when the first error needs them. */
  get #functions(): FunctionNaming {
    if (this.#named === undefined) {
      const module = decodeModule(this.#artifact.original);
      this.#named = { names: new FunctionNames(module), count: module.functions.length };
    }
    return this.#named;
  }
}

interface FunctionNaming {
  readonly names: FunctionNames;
  readonly count: number;
}
