/** A loaded Lua entry: its chunks as bytecode of this worker's machine, and what it may `require`. */
import type { BoundCapability } from '../../runtime/capabilities/capability.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type {
  Artifact,
  BoundOperation,
  Entry,
  Image,
  ImportTable,
  PayloadForm,
  Program,
  StateMachine,
} from '../../runtime/machine.ts';
import type { Bundle } from './bundle.ts';
import { compileUnit } from './compile.ts';
import { ProgramStates } from './program_states.ts';
import type { Engine } from './engine.ts';
import { LuaProcess } from './process.ts';
import { damagedRecord, imageIdentity, readImage } from './process_image.ts';
import { membershipOf } from './regions_of_thread.ts';
import { Status, TYPE_NAMES } from './vm/layout.ts';

/** One chunk, ready to be loaded into a state. */
export interface Unit {
  readonly id: string;
  readonly chunkName: string;
  readonly bytecode: Uint8Array;
  readonly aliases: ReadonlyMap<string, string>;
  readonly place: string;
}

/**
 * What one process may take unless its host says otherwise: bytes. It bounds how long a single call of a library function
 * can take (copying, collecting garbage), where nothing is interrupted: up to 100 ms with this much.
 */
const DEFAULT_MEMORY_LIMIT = 16 * 1024 * 1024;
/** Milliseconds of computing in one step unless the host says otherwise. */
const DEFAULT_SLICE = 1;
/**
 * Computing is counted in fuel, not in time: the clock is not read for it, and what else the machine does makes no
 * difference. A loop that does next to nothing burns this much in a millisecond; one that does more burns less.
 */
export const FUEL_PER_MILLISECOND = 50_000;

/**
 * What cannot be interrupted (one call of a library function, with all that it calls back) may burn this much fuel before
 * it fails: less than 100 ms. Who may use more memory may need more for it.
 */
const PATIENCE = 8_000_000;
const MOST_PATIENCE = 2 ** 29;

/** Capabilities that `modules:` can name, for advice in messages. */
const KNOWN_MODULES = new Set([
  ...['time', 'json', 'logger', 'funcs', 'ctx', 'security', 'registry', 'uuid', 'io', 'fs', 'http_client', 'store'],
  ...['env', 'base64', 'hash', 'random', 'text', 'events', 'crypto'],
]);

export class LuaProgram implements Program {
  readonly payloads: PayloadForm = 'value';
  readonly id: string;
  readonly main: Unit;
  /** Of the programs that can resume images of this one. */
  readonly identity: string;
  /** Bytes that one process may use: `limits.memory` of the host. */
  readonly memoryLimit: number;
  /** Fuel of one step, and of the whole life of a process: `limits.cpu_slice` and `limits.cpu_total` of the host. */
  readonly slice: number;
  readonly fuelLimit: number;
  /** Fuel that may be burnt beyond a slice where nothing can be interrupted. */
  readonly patience: number;
  /** Milliseconds. */
  readonly cpuTotal: number | undefined;
  /** What `require` gives beside libraries: declared capabilities; undefined for those that are not operations. */
  readonly modules = new Map<string, BoundCapability | undefined>();
  /** Every operation of every capability; functions in Lua hold the position. */
  readonly operations: BoundOperation[] = [];
  readonly #positions = new Map<BoundCapability, [string, number][]>();
  readonly #libraries = new Map<string, Unit>();
  readonly #byChunk = new Map<string, Unit>();
  /** Chunks as Lua shows them in messages -> as they are called. */
  readonly #paths = new Map<string, string>();
  readonly #engine: Engine;
  readonly #states: ProgramStates;

  /** `shared`: what `MachineType.share` made for the runtime. */
  constructor(engine: Engine, entry: Entry, artifact: Artifact, imports: ImportTable, shared?: unknown) {
    const bundle = artifact.data as Bundle;
    this.#engine = engine;
    this.id = entry.id;
    this.identity = imageIdentity(artifact.sha256);
    this.memoryLimit = imports.memory ?? DEFAULT_MEMORY_LIMIT;
    this.slice = Math.max(1, Math.round((imports.cpuSlice ?? DEFAULT_SLICE) * FUEL_PER_MILLISECOND));
    this.patience = Math.min(MOST_PATIENCE, PATIENCE * Math.max(1, Math.ceil(this.memoryLimit / DEFAULT_MEMORY_LIMIT)));
    this.cpuTotal = imports.cpuTotal;
    this.fuelLimit = (imports.cpuTotal ?? Number.POSITIVE_INFINITY) * FUEL_PER_MILLISECOND;
    const units = bundle.units.map((unit): Unit => {
      const { id, chunkName, place } = unit;
      return {
        id,
        chunkName,
        place,
        aliases: new Map(Object.entries(unit.aliases)),
        bytecode: compileUnit(engine, unit),
      };
    });
    this.main = units[0];
    for (const unit of units) {
      const path = unit.chunkName.slice(1);
      this.#byChunk.set(path, unit);
      this.#paths.set(shownChunk(unit.chunkName), path);
    }
    for (const unit of units.slice(1)) this.#libraries.set(unit.id, unit);
    for (const name of bundle.modules) {
      const capability = imports.get(name);
      this.modules.set(name, capability);
      if (capability === undefined) continue;
      const positions = Object.values(capability.operations).map((operation): [string, number] => [
        operation.name,
        this.operations.push(operation) - 1,
      ]);
      this.#positions.set(capability, positions);
    }
    this.#states = new ProgramStates(engine, this, membershipOf(shared));
  }

  create(): StateMachine {
    return LuaProcess.begin(this.#engine, this, this.#states.create());
  }

  /** Of the runtime that it runs in: the addresses of its processes are reserved there. */
  get home(): number {
    return this.#states.home;
  }

  resume(image: Image): StateMachine {
    const { record, memory } = readImage(this, image);
    const state = this.#states.restore(memory, record);
    try {
      return LuaProcess.restore(this.#engine, this, state, record);
    } catch (thrown) {
      state.close();
      throw damagedRecord(thrown as Error);
    }
  }

  discard(image: Image): void {
    try {
      const { record, memory } = readImage(this, image);
      this.#states.discard(memory, record);
    } catch (thrown) {
      // What it was cannot be told, so nothing can be found that is kept for it.
      if (!(thrown instanceof TroupeError)) throw thrown;
    }
  }

  /** Called in a new state of this program: its globals, and its chunk as the one result. */
  open(L: number): number {
    const { objects, vm } = this.#engine;
    objects.open(L);
    if (vm.slots !== undefined) objects.makeUsual(L);
    const { bytecode, chunkName } = this.main;
    if (vm.load(L, bytecode, chunkName, 'b') !== Status.Ok) return vm.api.lua_error(L);
    return 1;
  }

  operationsOf(capability: BoundCapability): readonly [string, number][] {
    return this.#positions.get(capability)!;
  }

  library(id: string): Unit {
    return this.#libraries.get(id)!;
  }

  /** The chunk of this name; where it is none of ours (a tail call), the innermost library that is being loaded. */
  unit(chunk: string, loading: readonly string[]): Unit {
    const innermost = loading.at(-1);
    return this.#byChunk.get(chunk) ?? (innermost === undefined ? this.main : this.library(innermost));
  }

  /** The full name of a chunk that Lua shows, maybe shortened; undefined for what is no chunk. */
  chunkPath(shown: string): string | undefined {
    return this.#paths.get(shown) ?? (shown.startsWith('[string "') ? shown : undefined);
  }

  explainMissing(name: string, unit: Unit): string {
    const where = `${unit.id} (${unit.place})`;
    if (KNOWN_MODULES.has(name)) {
      return `module "${name}" is not declared: add "${name}" to "modules:" of ${this.id} (${this.main.place})`;
    }
    return (
      `there is no module "${name}" here: for a library of this deployment ` +
      `add "imports: {${name}: namespace:library}" to ${where}`
    );
  }

  /** `type`: what the script returned. `isGlobal`: whether there is a global function of the method's name. */
  explainNoMethod(method: string, type: number, isGlobal: boolean): TroupeError {
    const what = isGlobal
      ? `add "return { ${method} = ${method} }" as its last line`
      : `end it with "return ${method}" or "return { ${method} = ... }"`;
    return new TroupeError(
      `${this.id}: the script must return its function "${method}", but it returned ${TYPE_NAMES[type] ?? 'nothing'}; ${what}`,
      { kind: 'INVALID', retryable: false, place: this.main.chunkName.slice(1) },
    );
  }

  explainNoMember(method: string): TroupeError {
    return new TroupeError(`${this.id}: the table that the script returns has no function "${method}"`, {
      kind: 'INVALID',
      retryable: false,
      place: this.main.chunkName.slice(1),
    });
  }
}

/** Bytes of a chunk's name that Lua shows, the last one not used. */
const SHOWN_BYTES = 60;

/** `luaO_chunkid`: of long file names the end is shown, of other long names the beginning. */
function shownChunk(name: string): string {
  const bytes = Buffer.from(name.slice(1), 'utf8');
  if (bytes.length < SHOWN_BYTES) return name.slice(1);
  return name.startsWith('@')
    ? `...${bytes.subarray(bytes.length - SHOWN_BYTES + 4).toString('utf8')}`
    : bytes.subarray(0, SHOWN_BYTES - 1).toString('utf8');
}
