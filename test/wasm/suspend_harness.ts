/** Runs the same program as it is and transformed, and tells what a user could see of each. */
import wabt from 'wabt';
import type { DriverState } from '../../machines/wasm/suspend/driver.ts';
import { ENDLESS_FUEL, SuspendDriver } from '../../machines/wasm/suspend/driver.ts';
import type { Copies } from '../../machines/wasm/suspend/function_bodies.ts';
import type { Preemption } from '../../machines/wasm/suspend/preemption.ts';
import { type SuspendResult, suspendTransform } from '../../machines/wasm/suspend/transform.ts';
import { Chance } from '../lua/generated_chance.ts';
import { AsyncifyDriver } from './asyncify.ts';

const wabtModule = await wabt();

export function compileWat(text: string, features: Record<string, boolean> = {}): Uint8Array {
  const module = wabtModule.parseWat('test.wat', text, { bulk_memory: true, multi_value: true, ...features });
  try {
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}

/** What a user can see of a run. */
export interface Seen {
  readonly result: unknown;
  /** Message of the trap or error that ended the run. */
  readonly thrown: string | undefined;
  /** Calls of imports with their arguments, in order. */
  readonly calls: readonly string[];
  readonly memory: Uint8Array | undefined;
  /** Exported mutable globals. */
  readonly globals: { readonly [name: string]: unknown };
}

export interface Stops {
  suspended: number;
  preempted: number;
}

export interface Run {
  readonly preempt?: Preemption;
  readonly copies?: Copies;
  /** Checks a slice with `preempt: 'resume'`, checks from stop to stop with `kill`. */
  readonly fuel?: number;
  /** Move to a fresh instance at every n-th stop. */
  readonly moveEvery?: number;
  /** By chance from this seed: each slice has at most `fuel`, and every stop is one with a move once in `moveEvery`. */
  readonly seed?: number;
  readonly areaBytes?: number;
  /** Give up after so many stops. */
  readonly maxStops?: number;
}

type Value = number | bigint;

/** Imports named `wait...` are blocking, and all that Binaryen's fuzzer makes. The i-th answer of a run is `answer(i)`. */
const isBlocking = (module: string, name: string) => name.startsWith('wait') || module === 'fuzzing-support';
const answer = (i: number) => (Math.imul(i + 1, 1103515245) >>> 16) & 63;

export class ImportLog {
  readonly calls: string[] = [];
  #answers = 0;

  called(name: string, args: readonly Value[]): void {
    this.calls.push(`${name}(${args.map(String).join()})`);
  }

  /** By the name's ending: `_l` gives i64, `_d` f64, `_2` two values, `_v` nothing, else i32. */
  answer(name: string): unknown {
    const value = answer(this.#answers++);
    if (name.endsWith('_l')) return BigInt(value) << 33n;
    if (name.endsWith('_d')) return value + 0.5;
    if (name.endsWith('_2')) return [value, BigInt(value * 3)];
    if (name.endsWith('_v')) return undefined;
    return value;
  }
}

function placeholder(name: string): unknown {
  if (name.endsWith('_l')) return 0n;
  return name.endsWith('_2') ? [0, 0n] : 0;
}

/** The imports of a module. `answers`: whether a blocking one is called for its answer now, or else has made the guest stop. */
function imports(module: WebAssembly.Module, log: ImportLog, answers = () => true): WebAssembly.Imports {
  const all: WebAssembly.Imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') throw new Error(`the test harness has no ${kind} imports`);
    (all[from] ??= {})[name] = (...args: Value[]) => {
      if (isBlocking(from, name) && !answers()) return placeholder(name);
      log.called(name, args);
      return log.answer(name);
    };
  }
  return all;
}

function mutableGlobals(exports: WebAssembly.Exports): { [name: string]: unknown } {
  const globals: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(exports)) {
    if (value instanceof WebAssembly.Global && !name.startsWith('troupe:')) globals[name] = value.value;
  }
  return globals;
}

function message(error: unknown): string {
  return error instanceof RangeError ? 'stack overflow' : (error as Error).message;
}

export function runOriginal(bytes: Uint8Array, entry: string, args: readonly Value[]): Seen {
  const module = new WebAssembly.Module(bytes);
  const log = new ImportLog();
  let result: unknown;
  let thrown: string | undefined;
  let exports: WebAssembly.Exports = {};
  try {
    exports = new WebAssembly.Instance(module, imports(module, log)).exports;
    result = (exports[entry] as (...args: readonly Value[]) => unknown)(...args);
  } catch (error) {
    thrown = message(error);
  }
  const memory = Object.values(exports).find(value => value instanceof WebAssembly.Memory);
  return {
    result,
    thrown,
    calls: log.calls,
    memory: memory && new Uint8Array(memory.buffer).slice(),
    globals: mutableGlobals(exports),
  };
}

/** One process: an instance with its driver. */
class Process {
  readonly driver = new SuspendDriver();
  readonly instance: WebAssembly.Instance;
  readonly #program: SuspendResult;
  readonly #module: WebAssembly.Module;
  readonly #log: ImportLog;
  readonly #areaBytes: number;

  constructor(program: SuspendResult, module: WebAssembly.Module, log: ImportLog, areaBytes: number) {
    this.#program = program;
    this.#module = module;
    this.#log = log;
    this.#areaBytes = areaBytes;
    const { driver } = this;
    const answers = () => {
      const answered = driver.shouldRewind();
      if (!answered) driver.suspend();
      return answered;
    };
    this.instance = new WebAssembly.Instance(module, imports(module, log, answers));
    this.driver.attach(this.instance, undefined, areaBytes);
  }

  get memory(): Uint8Array {
    const { exports } = this.instance;
    const memory = (exports['troupe:memory'] ?? exports.memory) as WebAssembly.Memory | undefined;
    return memory === undefined ? new Uint8Array(0) : new Uint8Array(memory.buffer, 0, this.driver.guestBytes);
  }

  /** The same process in a fresh instance: memory, globals and saved stack are all that is taken along. */
  moved(): Process {
    const saved = structuredClone(this.driver.save());
    const other = new Process(this.#program, this.#module, this.#log, this.#areaBytes);
    const pages = (this.driver.guestBytes - other.driver.guestBytes) / 65536;
    if (pages > 0 && other.driver.grow(pages) < 0) throw new Error('the copy cannot grow');
    other.memory.set(this.memory);
    const globals = this.driver.saveGlobals(this.#program.globalBytes);
    if (globals === undefined) throw new Error('the stack leaves no room for the globals');
    other.driver.loadGlobals(globals);
    other.driver.restore(saved, this.#program.frames);
    return other;
  }
}

export function transform(bytes: Uint8Array, preempt: Preemption = 'none', copies: Copies = 'auto'): SuspendResult {
  return suspendTransform(bytes, { blocking: isBlocking, preempt, copies });
}

const compiled = new WeakMap<SuspendResult, WebAssembly.Module>();

export function runTransformed(
  program: SuspendResult,
  entry: string,
  args: readonly Value[],
  run: Run = {},
): Seen & { readonly stops: Stops } {
  let module = compiled.get(program);
  if (module === undefined) compiled.set(program, (module = new WebAssembly.Module(program.bytes)));
  const log = new ImportLog();
  const stops: Stops = { suspended: 0, preempted: 0 };
  let process: Process | undefined;
  let thrown: string | undefined;
  const chance = run.seed === undefined ? undefined : new Chance(run.seed);
  const { fuel = ENDLESS_FUEL, moveEvery } = run;
  const slice = () => (chance === undefined || run.fuel === undefined ? fuel : chance.between(0, fuel));
  const moves = (count: number) => {
    if (moveEvery === undefined) return false;
    return chance === undefined ? count % moveEvery === 0 : chance.once(moveEvery);
  };
  const finish = (state: DriverState) => {
    for (let count = 1; state !== 'idle'; count++) {
      if (count > (run.maxStops ?? 100_000)) throw new Error('the test program stops too often');
      stops[state as 'suspended' | 'preempted']++;
      if (moves(count)) process = process!.moved();
      process!.driver.fuel = slice();
      state = process!.driver.resume();
    }
  };
  try {
    process = new Process(program, module, log, run.areaBytes ?? 65536);
    process.driver.fuel = slice();
    finish(process.driver.start());
    finish(process.driver.call(entry, args));
  } catch (error) {
    thrown = message(error);
  }
  const exports = process?.instance.exports ?? {};
  const memory = Object.entries(exports).find(
    ([name, value]) => value instanceof WebAssembly.Memory && !name.startsWith('troupe:'),
  );
  return {
    result: thrown === undefined ? process!.driver.result : undefined,
    thrown,
    calls: log.calls,
    memory: memory && process!.memory.slice(),
    globals: mutableGlobals(exports),
    stops,
  };
}

/** By Binaryen's asyncify: every call of a blocking import unwinds the stack and winds it up again. */
export function runAsyncified(
  module: WebAssembly.Module,
  entry: string,
  args: readonly Value[],
): Pick<Seen, 'result' | 'thrown' | 'calls'> & { readonly stops: number } {
  const log = new ImportLog();
  const driver = new AsyncifyDriver();
  driver.attach(
    new WebAssembly.Instance(
      module,
      imports(module, log, () => driver.shouldRewind()),
    ),
  );
  let result: unknown;
  let thrown: string | undefined;
  try {
    result = driver.run(entry, args);
  } catch (error) {
    thrown = message(error);
  }
  return { result, thrown, calls: log.calls, stops: driver.stops };
}
