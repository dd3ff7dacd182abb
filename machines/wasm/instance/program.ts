import { instantiateSync } from '@assemblyscript/loader';
import { cpuTotalSpent } from '../../../runtime/catalogue.ts';
import { TroupeError } from '../../../runtime/errors.ts';
import type { Entry, Image, ImportTable, Program, StateMachine } from '../../../runtime/machine.ts';
import { formatSize } from '../../../runtime/size.ts';
import { showPlace } from '../../../runtime/registry/entry.ts';
import type { WasmArtifact } from '../artifact.ts';
import { decodeModule } from '../binary/decode.ts';
import type { Form } from '../form.ts';
import { FunctionNames } from '../binary/names.ts';
import { type EntryPoint, NumericEntry } from '../functions/entry_point.ts';
import { WitEntry } from '../functions/wit_entry.ts';
import { DriverState, ENDLESS_FUEL, type SuspendDriver } from '../suspend/driver.ts';
import type { FuelSpent } from '../suspend/driver_errors.ts';
import { originOf } from '../suspend/transform.ts';
import { methodMissing } from '../verify.ts';
import { exportOf } from '../wasi/command.ts';
import { type AddressSpace, noRoom } from './address_space.ts';
import { FUEL_PER_MILLISECOND } from './call_budget.ts';
import { Guest, type Running } from './guest.ts';
import { damagedImage, notMovable } from './refusals.ts';
import { HANDLER_EXPORTS, Handlers } from './handlers.ts';
import { readImage } from './image.ts';
import { linkModule } from './link.ts';
import { Loaded } from './loaded.ts';
import { InstancePool, LARGEST_KEPT } from './pool.ts';
import { Template } from './template.ts';
import { guestFrames, namedFrames, trapError } from './trap.ts';

/** Milliseconds of a slice where the host says nothing. */
const DEFAULT_SLICE = 1;
/** Milliseconds that a program may compute in one go where the host ends it instead of interrupting it. */
const DEFAULT_BUDGET = 4000;

/** A module in the form that one host runs. */
export interface RunnableModule {
  readonly module: WebAssembly.Module;
  readonly form: Form;
  /** Of the programs that can resume images of this one. */
  readonly identity: string;
}

/** A module linked against one host's imports: compiled once, instantiated for each process. */
export class WasmProgram implements Program {
  readonly payloads = 'packed';
  readonly identity: string;
  /** Who is being stepped. */
  readonly running: Running = { guest: undefined as unknown as Guest };
  /** Whether a call can be suspended at all. */
  readonly suspendable: boolean;
  /** Whether loops are counted. */
  readonly metered: boolean;
  /** Fuel of one step, and of the whole life of a process. */
  readonly slice: number;
  readonly fuelLimit: number;
  /** How errors show a function by its index; undefined for those that the transform has added. */
  readonly functionName = (index: number): string | undefined => {
    const { names, count } = this.#functions;
    const origin = originOf(index, count, this.#form.origins);
    return origin < 0 ? undefined : (names.get(origin) ?? `function ${origin}`);
  };

  readonly #id: string;
  readonly #place: string;
  readonly #artifact: WasmArtifact;
  readonly #module: WebAssembly.Module;
  readonly #form: Form;
  readonly #limits: ImportTable;
  readonly #space: AddressSpace;
  readonly #imports: WebAssembly.Imports;
  readonly #pool: InstancePool | undefined;
  readonly #entries = new Map<string, EntryPoint | Handlers>();
  #template: Template | undefined;
  #named: FunctionNaming | undefined;

  /** Throws PERMISSION_DENIED or INVALID for an import that the host does not grant. */
  constructor(
    entry: Entry,
    artifact: WasmArtifact,
    { module, form, identity }: RunnableModule,
    imports: ImportTable,
    space: AddressSpace,
  ) {
    this.#space = space;
    this.#id = entry.id;
    this.#place = showPlace(entry.source?.place ?? entry.place);
    this.#artifact = artifact;
    this.#module = module;
    this.#form = form;
    this.#limits = imports;
    this.identity = identity;
    this.suspendable = form.suspendable;
    this.metered = form.preempt !== 'none';
    const slice = imports.cpuSlice ?? (form.preempt === 'kill' ? DEFAULT_BUDGET : DEFAULT_SLICE);
    this.slice = Math.min(ENDLESS_FUEL, Math.max(1, Math.round(slice * FUEL_PER_MILLISECOND)));
    this.fuelLimit = (imports.cpuTotal ?? Number.POSITIVE_INFINITY) * FUEL_PER_MILLISECOND;
    this.#pool = form.globalBytes === undefined ? undefined : new InstancePool();
    this.#imports = linkModule(entry, artifact.imports, imports, this.running);
  }

  create(): StateMachine {
    return this.#begin();
  }

  /** There is no `discard`: an image is bytes and nothing else, its instance was released by `close` where it was made. */
  resume(image: Image): StateMachine {
    const { template, identity } = this;
    if (template === undefined) throw notMovable(this.#id);
    const guest = this.#begin();
    try {
      guest.restore(readImage(identity, this.#id, template, this.#form.frames, guest.loaded, image));
      return guest;
    } catch (thrown) {
      // Half an image is in the instance.
      guest.trapped = true;
      guest.close();
      throw isRefusal(thrown) ? thrown : damagedImage((thrown as Error).message);
    }
  }

  #begin(): Guest {
    const used = this.#pool?.take();
    if (used !== undefined) return new Guest(this, used);
    const loaded = this.#made();
    if (loaded.memory.bytes.length <= LARGEST_KEPT) this.#template ??= this.#describe(loaded);
    return new Guest(this, loaded);
  }

  /** What every instance begins as; undefined where more than memory and globals can change. Large ones are made when asked for. */
  get template(): Template | undefined {
    if (this.#template === undefined && this.#form.globalBytes !== undefined) {
      this.#template = this.#describe(this.#made());
      this.#space.give();
    }
    return this.#template;
  }

  /** The same; undefined also where there is no room to make one now. */
  get templateIfRoom(): Template | undefined {
    try {
      return this.template;
    } catch (thrown) {
      if (thrown instanceof TroupeError && thrown.kind === 'UNAVAILABLE') return undefined;
      throw thrown;
    }
  }

  #describe(loaded: Loaded): Template | undefined {
    const { globalBytes } = this.#form;
    return globalBytes === undefined ? undefined : new Template(loaded, globalBytes);
  }

  #made(): Loaded {
    const { running } = this;
    const outer = running.guest;
    this.#space.take(this.#id);
    // A start function runs here, before there is a process that could act.
    running.guest = undefined as unknown as Guest;
    try {
      return this.#instantiate();
    } catch (thrown) {
      this.#space.give();
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
    if (thrown instanceof RangeError) return noRoom(this.#id, thrown.message);
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

  #findEntry(named: string): EntryPoint | Handlers {
    const { exports, imports, wit, assemblyscript } = this.#artifact;
    const method = exportOf(named, exports, imports);
    const type = Object.hasOwn(exports, method) ? exports[method] : undefined;
    if (type === undefined) {
      if (HANDLER_EXPORTS.some(name => Object.hasOwn(exports, name))) return new Handlers(exports);
      throw methodMissing(this.#id, method, exports, this.#place);
    }
    const signature = wit.find(known => known.name === method);
    if (signature === undefined) return new NumericEntry(method, type);
    return new WitEntry(signature, assemblyscript);
  }

  /** The guest is closed: let go of its instance, or keep it for another one. */
  released(guest: Guest): void {
    if (this.running.guest === guest) this.running.guest = undefined as unknown as Guest;
    // One that moves must not need room in two threads, where there is hardly any.
    const mayStay = !guest.trapped && !this.#space.isTight;
    const kept = mayStay && this.#template !== undefined && this.#pool?.give(guest.loaded, this.#template);
    if (kept !== true) this.#space.give();
  }

  /** The error of a process that has used up `limits.cpu_total`, where `driver` stopped. */
  cpuTotalSpent(driver: SuspendDriver): TroupeError {
    return cpuTotalSpent(this.#id, this.#limits.cpuTotal!, this.#standing(driver));
  }

  /** `error`, which came after its memory of `bytes` could not grow. */
  outOfMemory(error: TroupeError, bytes: number): TroupeError {
    const { memory } = this.#limits;
    const limit = memory === undefined ? 'its own maximum' : `"limits.memory" of its host, ${formatSize(memory)}`;
    const message = `${error.message} (before that, memory.grow was refused at ${formatSize(bytes)}: the limit is ${limit})`;
    const { kind, place, stack, details } = error;
    return new TroupeError(message, { kind, place, stack, details: { ...details, memory: bytes } });
  }

  /** The error of a process that was killed: it has spent `burnt` in all. */
  killed({ stack }: FuelSpent, burnt: number): TroupeError {
    const { place, stack: frames } = guestFrames('killed', stack, this.functionName);
    if (burnt >= this.fuelLimit) return cpuTotalSpent(this.#id, this.#limits.cpuTotal!, { place, stack: frames });
    const milliseconds = this.slice / FUEL_PER_MILLISECOND;
    return new TroupeError(
      `computed for ${milliseconds} ms without waiting, and its host has "limits: {preempt: kill}" (the default where ` +
        '"trusted: true"): set "preempt: resume" there to have it interrupted instead, or raise "cpu_slice"',
      { kind: 'TIMEOUT', retryable: false, details: { entry: this.#id }, place, stack: frames },
    );
  }

  /** Where a call stands that is suspended or was preempted. */
  #standing(driver: SuspendDriver): { readonly place?: string; readonly stack?: string } {
    if (driver.state === DriverState.Idle) return {};
    return namedFrames('preempted', driver.functions(this.#form.frames).reverse(), this.functionName);
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

/** That an image is not right, or that there is no room for it. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof TroupeError && (thrown.kind === 'INVALID' || thrown.kind === 'UNAVAILABLE');
}

interface FunctionNaming {
  readonly names: FunctionNames;
  readonly count: number;
}
