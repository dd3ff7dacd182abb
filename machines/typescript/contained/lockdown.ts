/**
 * Locks down the intrinsics of this thread, for the first contained program that is loaded here: from then on nobody can
 * change `Object.prototype` and the like, and no function leads to one that makes code out of text. Threads that run no
 * contained program pay nothing for it and change nothing.
 */
import { createRequire } from 'node:module';
import { TroupeError } from '../../../runtime/errors.ts';
import { demandRoom } from '../../../sdk/typescript/stack_room.ts';
import { EngineError, hideHostFromStacks } from './guest_stacks.ts';
import { letInstancesOverride } from './override.ts';

/** A global object of its own over the intrinsics that all share. */
export interface Compartment {
  readonly globalThis: { [name: string]: unknown };
  evaluate(text: string): unknown;
}

export interface LockedDown {
  readonly Compartment: new (options: { readonly globals: object; readonly __options__: true }) => Compartment;
  /** Freezes a value and all that is reachable from it by properties and prototypes. */
  harden<T>(value: T): T;
}

/** Of every one of them a copy of what it is: nothing in the environment changes what a lockdown does. */
const OPTIONS = {
  errorTaming: 'safe',
  errorTrapping: 'none',
  reporting: 'none',
  unhandledRejectionTrapping: 'none',
  regExpTaming: 'safe',
  // What follows is the host's: its own code is not contained, and keeps its locales, console, domains and evaluators.
  localeTaming: 'unsafe',
  consoleTaming: 'unsafe',
  domainTaming: 'unsafe',
  evalTaming: 'unsafe-eval',
  // The others make properties of arrays into accessors: XState would take twice the time.
  overrideTaming: 'min',
  overrideDebug: [],
  stackFiltering: 'verbose',
  legacyRegeneratorRuntimeTaming: 'safe',
  __hardenTaming__: 'safe',
} as const;

const { freeze } = Object;

const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError];

let done: LockedDown | undefined;
let fault: string | undefined;

/** Throws UNAVAILABLE where somebody has changed the intrinsics before; then it always will on this thread. */
export function lockDown(): LockedDown {
  if (done !== undefined) return done;
  if (fault === undefined) {
    try {
      done = begin();
      return done;
    } catch (thrown) {
      fault = thrown instanceof Error ? thrown.message : String(thrown);
    }
  }
  throw new TroupeError(
    `this thread cannot contain TypeScript, because its JavaScript was changed before: ${fault}. ` +
      'Load what changes built-in objects (polyfills, other sandboxes) after the runtime has started, or not at all, or leave such programs to worker threads',
    { kind: 'UNAVAILABLE', retryable: false },
  );
}

/** The two halves of a lockdown. */
interface Steps {
  repairIntrinsics(options: object): void;
  hardenIntrinsics(): void;
}

function begin(): LockedDown {
  const before = new Set(Reflect.ownKeys(globalThis));
  const { console } = globalThis;
  const stackFormat = EngineError.prepareStackTrace;
  const thread = globalThis as unknown as LockedDown & Steps;
  // What is required here keeps the `freeze` that it finds.
  Object.freeze = freezeKeepingStores as typeof freeze;
  try {
    createRequire(import.meta.url)('ses');
  } finally {
    Object.freeze = freeze;
  }
  thread.repairIntrinsics(OPTIONS);
  globalThis.console = console;
  hideHostFromStacks(stackFormat);
  // Keys of records can have any name, and errors have always been given names and messages.
  letInstancesOverride(Object.prototype, Reflect.ownKeys(Object.prototype));
  for (const { prototype } of ERRORS) letInstancesOverride(prototype, ['constructor', 'message', 'name', 'toString']);
  thread.hardenIntrinsics();
  const { Compartment, harden } = thread;
  for (const name of Reflect.ownKeys(globalThis)) {
    if (!before.has(name)) delete (globalThis as { [name: string | symbol]: unknown })[name];
  }
  demandRoom();
  for (const intrinsic of intrinsics()) {
    if (!Object.isFrozen(intrinsic)) throw new Error(`${String(intrinsic)} is not frozen`);
  }
  return Object.freeze({ Compartment, harden });
}

const typedArrays = (): object[] =>
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map(one => one.prototype);

/**
 * Prototypes of which V8 must not know that their elements are frozen: it would give up on fast stores into every array
 * and typed array of the thread, which then take forty times as long. As frozen as the others, but by other means.
 */
const unhurried: ReadonlySet<object> = new Set([
  Object.prototype,
  Object.getPrototypeOf(Uint8Array.prototype),
  ...typedArrays(),
  Buffer.prototype,
]);

function freezeKeepingStores<T extends object>(value: T): T {
  if (!unhurried.has(value)) return freeze(value);
  Object.preventExtensions(value);
  for (const key of Reflect.ownKeys(value)) {
    const property = Reflect.getOwnPropertyDescriptor(value, key)!;
    if ('value' in property) property.writable = false;
    property.configurable = false;
    Object.defineProperty(value, key, property);
  }
  return value;
}

/** What must be frozen afterwards; what else there is hangs on these. */
function intrinsics(): object[] {
  const generator = Object.getPrototypeOf(function* () {});
  const asyncGenerator = Object.getPrototypeOf(async function* () {});
  return [
    ...[Object, Function, Array, String, Number, Boolean, Symbol, BigInt, RegExp, Date, Error, Promise].map(
      one => one.prototype as object,
    ),
    ...[Map, Set, WeakMap, WeakSet, ArrayBuffer, DataView, TypeError, RangeError].map(one => one.prototype),
    ...typedArrays(),
    Object.getPrototypeOf(Uint8Array.prototype),
    Buffer.prototype,
    generator,
    generator.prototype,
    asyncGenerator,
    asyncGenerator.prototype,
    Object.getPrototypeOf([][Symbol.iterator]()),
    Object.getPrototypeOf(async () => {}),
    Object,
    Array,
    Reflect,
    JSON,
    Proxy,
  ];
}
