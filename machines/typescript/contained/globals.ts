/**
 * What contained programs find as globals: the language, without what reads the clock or chance, makes code out of text or
 * is scheduled by Node. What is used often enough says what to use instead.
 */
import { captureStack, TroupeError } from '../../../runtime/errors.ts';

/** The globals of the language itself that are the same for everybody and hold no state. */
const LANGUAGE: ReadonlySet<string> = new Set([
  'AggregateError',
  'Array',
  'ArrayBuffer',
  'BigInt',
  'BigInt64Array',
  'BigUint64Array',
  'Boolean',
  'DataView',
  'Error',
  'EvalError',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'Infinity',
  'Int16Array',
  'Int32Array',
  'Int8Array',
  'Iterator',
  'JSON',
  'Map',
  'NaN',
  'Number',
  'Object',
  'Proxy',
  'RangeError',
  'ReferenceError',
  'Reflect',
  'RegExp',
  'Set',
  'String',
  'Symbol',
  'SyntaxError',
  'TypeError',
  'URIError',
  'Uint16Array',
  'Uint32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'WeakMap',
  'WeakSet',
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
  'escape',
  'globalThis',
  'isFinite',
  'isNaN',
  'parseFloat',
  'parseInt',
  'undefined',
  'unescape',
]);

/** Globals of other places that are used often enough to say what to use instead. */
const INSTEAD: { readonly [name: string]: string } = {
  setTimeout: 'wait with `yield* self.after("5ms").receive()`, or select a channel of self.after()',
  setInterval: 'select a channel of self.time.ticker("1s")',
  setImmediate: 'start a concurrent path with self.fork()',
  queueMicrotask: 'start a concurrent path with self.fork()',
  fetch: 'a process reaches the network by a capability only',
  structuredClone: 'messages are copied by send',
};

const CONSOLE = ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'];

type Globals = { [name: string]: unknown };

/** Take away from a new global object what programs must not find, and put there what they may. */
export function furnish(global: Globals): void {
  for (const name of Object.getOwnPropertyNames(global)) if (!LANGUAGE.has(name)) delete global[name];
  for (const [name, value] of Object.entries((inPlaceOfOthers ??= makeOthers()))) {
    Object.defineProperty(global, name, { value, writable: true, enumerable: false, configurable: true });
  }
}

let inPlaceOfOthers: Globals | undefined;

/** Made once the intrinsics are locked down, for all programs of the thread. */
function makeOthers(): Globals {
  const others: Globals = { Math: mathOfTheLanguage(), Date: dateOfTheLanguage(), console: consoleOfNobody() };
  for (const [name, instead] of Object.entries(INSTEAD)) others[name] = denied(name, instead);
  // The one that functions have as their constructor, which makes none: for `instanceof`.
  others.Function = furnish.constructor;
  return others;
}

function denied(what: string, instead: string): () => never {
  return () => refuse(what, instead);
}

function refuse(what: string, instead: string): never {
  const error = new TroupeError(`${what} is not available to a process: ${instead}`, {
    kind: 'PERMISSION_DENIED',
    retryable: false,
  });
  captureStack(error, refuse);
  throw error;
}

/** `Math` without chance. */
function mathOfTheLanguage(): object {
  const random = { value: denied('Math.random', 'import `random` and use self.random.number()') };
  return Object.create(Object.prototype, { ...Object.getOwnPropertyDescriptors(Math), random });
}

/** `Date` without the clock: it still computes with dates that are given to it. */
function dateOfTheLanguage(): object {
  const noClock = denied('the clock', 'import `time` and use self.time.unix() or self.time.now()');
  function CalendarDate(this: unknown, ...args: unknown[]): object {
    if (new.target === undefined || args.length === 0) noClock();
    return Reflect.construct(Date, args, new.target as unknown as typeof Date);
  }
  CalendarDate.prototype = Date.prototype;
  return Object.assign(CalendarDate, { now: noClock, parse: Date.parse, UTC: Date.UTC });
}

function consoleOfNobody(): object {
  return Object.fromEntries(
    CONSOLE.map(method => [method, denied(`console.${method}`, 'import `logger` and use self.logger.info()')]),
  );
}
