/**
 * Where programs are evaluated, and the one place that decides what they see besides their imports.
 *
 * In a host that is not trusted a program sees the language and nothing of Node: every other global is a parameter of
 * its factory and so hidden, and what reads the clock or chance says which capability to use. This keeps honest code
 * honest; it is not a border against code that wants out, for which intrinsics must be locked down as well. In a
 * trusted host a program is ordinary Node code.
 */
import { createRequire } from 'node:module';
import { compileFunction, constants } from 'node:vm';
import { TroupeError } from '../../runtime/errors.ts';

/** What a module exports, and which of its top-level values are shared where it is evaluated only once. */
export interface Evaluated {
  readonly exports: { readonly [name: string]: unknown };
  readonly shared: readonly unknown[];
}

/** Gives the module behind a name that the bundle still imports. */
export type HostModules = (name: string) => object;

export interface RealmSettings {
  readonly trusted: boolean;
  /** Where a trusted program's `require` looks. */
  readonly directory: string;
  /** Whether it loads modules at run time, as only a trusted program may. */
  readonly dynamicImports: boolean;
}

/** The globals of the language itself that are the same for everybody and hold no state. */
const LANGUAGE = [
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
  'Function',
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
  'Promise',
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
  'isFinite',
  'isNaN',
  'parseFloat',
  'parseInt',
  'undefined',
  'unescape',
] as const;

/** Hidden globals that are used often enough to say what to use instead. */
const INSTEAD: { readonly [name: string]: string } = {
  setTimeout: 'wait with `yield* self.after("5ms").receive()`, or select a channel of self.after()',
  setInterval: 'select a channel of self.time.ticker("1s")',
  setImmediate: 'start a concurrent path with self.fork()',
  queueMicrotask: 'start a concurrent path with self.fork()',
  fetch: 'a process reaches the network by a capability only',
  structuredClone: 'messages are copied by send',
};

const CONSOLE = ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'];

function denied(what: string, instead: string): () => never {
  return function refuse() {
    const error = new TroupeError(`${what} is not available to a process: ${instead}`, {
      kind: 'PERMISSION_DENIED',
      retryable: false,
    });
    Error.captureStackTrace(error, refuse);
    throw error;
  };
}

/** `Math` without chance. */
function mathOfTheLanguage(): object {
  const copy = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(Math));
  Object.defineProperty(copy, 'random', {
    value: denied('Math.random', 'import `random` and use self.random.number()'),
  });
  return Object.freeze(copy);
}

/** `Date` without the clock: it still computes with dates that are given to it. */
function dateOfTheLanguage(): object {
  const noClock = denied('the clock', 'import `time` and use self.time.unix() or self.time.now()');
  function CalendarDate(this: unknown, ...args: unknown[]): object {
    if (new.target === undefined || args.length === 0) noClock();
    return Reflect.construct(Date, args, new.target as unknown as typeof Date);
  }
  CalendarDate.prototype = Date.prototype;
  Object.assign(CalendarDate, { now: noClock, parse: Date.parse, UTC: Date.UTC });
  return Object.freeze(CalendarDate);
}

function namesToHide(): string[] {
  const kept = new Set<string>([...LANGUAGE, 'eval']);
  return Object.getOwnPropertyNames(globalThis).filter(name => !kept.has(name) && /^[A-Za-z_$][\w$]*$/.test(name));
}

/** Names and values of the factory's parameters: everything that a program must not find as a global. */
function ambient(): { names: string[]; values: unknown[] } {
  const hidden = new Map<string, unknown>();
  // These are no globals of a module in Node, but CommonJS has them.
  for (const name of [...namesToHide(), 'require', 'module', 'exports', '__filename', '__dirname']) {
    hidden.set(name, undefined);
  }
  for (const [name, instead] of Object.entries(INSTEAD)) hidden.set(name, Object.freeze(denied(name, instead)));
  const say = (method: string): [string, () => never] => [
    method,
    Object.freeze(denied(`console.${method}`, 'import `logger` and use self.logger.info()')),
  ];
  hidden.set('console', Object.freeze(Object.fromEntries(CONSOLE.map(say))));
  hidden.set('Math', mathOfTheLanguage());
  hidden.set('Date', dateOfTheLanguage());
  const global: { [name: string]: unknown } = Object.create(null);
  const real = globalThis as { [name: string]: unknown };
  for (const name of LANGUAGE) if (name in real) global[name] = real[name];
  for (const name of ['Math', 'Date', 'console']) global[name] = hidden.get(name);
  hidden.set('globalThis', Object.freeze(global));
  return { names: [...hidden.keys()], values: [...hidden.values()] };
}

let hiddenFromPrograms: ReturnType<typeof ambient> | undefined;

/** Name of the function by which a bundle gets at the modules that the host provides. */
export const HOST_MODULE = '__troupe_module';

/**
 * Compile the text of a factory. Each call of the result evaluates the module anew, with state of its own. `file` is
 * how stacks name it.
 */
export function compileFactory(
  text: string,
  file: string,
  modules: HostModules,
  settings: RealmSettings,
): () => Evaluated {
  const { names, values } = settings.trusted
    ? { names: ['require'], values: [createRequire(`${settings.directory}/`)] }
    : (hiddenFromPrograms ??= ambient());
  const factory = compileFunction(text, [HOST_MODULE, ...names], {
    filename: file,
    importModuleDynamically: (settings.dynamicImports
      ? constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER
      : undefined) as never,
  });
  const args = [modules, ...values];
  return () => Reflect.apply(factory, undefined, args);
}
