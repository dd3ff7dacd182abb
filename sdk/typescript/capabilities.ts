/**
 * The capabilities that a host granted to an entry, as objects: `self.time.now()`, `yield* self.store.get('key')`.
 *
 * One class is made for each capability of an import table, from its data alone: a capability is written once, for all
 * languages. The interfaces below only give types to those that come with the runtime.
 */
import type { BoundCapability, BoundOperation } from '../../runtime/capabilities/capability.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import type { Incoming, Timer } from './channel.ts';
import { begin, type Command } from './command.ts';
import type { Duration } from './duration.ts';
import { copyArguments, raise } from './guest_error.ts';
import type { Process } from './process.ts';
import { startTicker, startTimer } from './timer.ts';

/** The clock of the runtime. */
export interface Time {
  /** Unix time in nanoseconds. */
  now(): bigint;
  /** Unix time in seconds, with fraction. */
  unix(): number;
  sleep(duration: Duration): Command<void>;
  /** A channel that gives `true` once, after the duration. */
  after(duration: Duration): Timer<true>;
  /** A channel that gives 1, 2, 3... in this interval; ticks that nobody takes in time are left out. */
  ticker(interval: Duration): Timer<number>;
  /** Nanoseconds of a text such as "1h30m"; throws INVALID. */
  parseDuration(text: string): number;
  /** RFC 3339 text in UTC of unix seconds (default: now). */
  format(unixSeconds?: number): string;
  /** Unix seconds of RFC 3339 text; throws INVALID. */
  parse(text: string): number;
}

type Fields = { readonly [key: string]: unknown } | Error;

/** Records with a level and fields, through the log of the runtime. */
export interface Logger {
  debug(message: unknown, fields?: Fields): void;
  info(message: unknown, fields?: Fields): void;
  warn(message: unknown, fields?: Fields): void;
  error(message: unknown, fields?: Fields): void;
}

/** The terminal. */
export interface Io {
  /** The command line after the command's name. */
  args(): string[];
  write(content: string | Uint8Array): Command<void>;
  writeError(content: string | Uint8Array): Command<void>;
  /** The next line without its end; null at the end of input. */
  readLine(): Command<string | null>;
  columns(): number;
  isTty(): boolean;
}

/** Files below the one folder that the host grants; paths are relative to it. */
export interface Fs {
  /** Text (UTF-8), or bytes; at most 64 MiB. */
  readFile(path: string): Command<string>;
  readFile(path: string, options: { bytes: true }): Command<Uint8Array>;
  writeFile(
    path: string,
    content: string | Uint8Array,
    options?: { append?: boolean; exclusive?: boolean },
  ): Command<true>;
  /** `size` in bytes, `modified` in unix seconds. */
  stat(path: string): Command<{ type: 'file' | 'directory' | 'other'; size: number; modified: number }>;
  list(path?: string): Command<{ name: string; type: 'file' | 'directory' | 'link' | 'other' }[]>;
  /** A handle for `read`; `gunzip` decides by the content where it is `'auto'` (default). */
  open(path: string, options?: { gunzip?: 'auto' | boolean }): Command<number>;
  /** The next bytes, at most `maxBytes` (default 64 KiB); null at the end. */
  read(handle: number, maxBytes?: number): Command<Uint8Array | null>;
  /** Whether it was open. */
  close(handle: number): Command<boolean>;
}

/** Chance, not for secrets. */
export interface Random {
  /** Uniform in [0, 1). */
  number(): number;
  /** Uniform, both bounds included. */
  integer(least: number, most: number): number;
  bytes(count: number): Uint8Array;
  uuid(): string;
}

/** The environment variables that the host names. */
export interface Env {
  get(name: string): string | null;
}

/** Values by key, shared by the processes of a runtime. */
export interface Store {
  get<T = any>(key: string): Command<T | null>;
  set(key: string, value: unknown): Command<true>;
  /** Whether there was one. */
  delete(key: string): Command<boolean>;
  list(prefix?: string): Command<string[]>;
}

/** A capability that has no interface here: its operations by their camelCase names. */
export interface AnyCapability {
  readonly [operation: string]: (...args: any[]) => any;
}

type Bound = new (process: Process) => object;

/** One class a capability of a table; tables are few and live as long as their programs. */
const classes = new WeakMap<BoundCapability, Bound>();

/** The process's own object for a capability. PERMISSION_DENIED, saying what to change, where it was not granted. */
export function capabilityOf(process: Process, name: string): object {
  const kept = process.more?.kept.get(name);
  if (kept !== undefined) return kept as object;
  const capability = process.imports.get(name);
  if (capability === undefined) return raise(notImported(process, name));
  let bound = classes.get(capability);
  if (bound === undefined) {
    bound = bindCapability(capability);
    classes.set(capability, bound);
  }
  const made = new bound(process);
  process.waits().kept.set(name, made);
  return made;
}

function notImported(process: Process, name: string): TroupeError {
  return new TroupeError(
    `"${name}" is not imported: add it to \`imports:\` of ${process.out.id}, and to \`capabilities:\` of the host ${process.imports.host} where that has such a block`,
    { kind: 'PERMISSION_DENIED', retryable: false },
  );
}

function bindCapability(capability: BoundCapability): Bound {
  let holder: (bound: object) => Process;
  class BoundToProcess {
    readonly #process: Process;
    static {
      holder = bound => (bound as BoundToProcess).#process;
    }
    constructor(process: Process) {
      this.#process = process;
    }
  }
  for (const operation of Object.values(capability.operations)) {
    const method =
      operation.definition.mode === 'sync'
        ? function now(this: object, ...args: unknown[]): Payload {
            return invokeNow(holder(this), operation, args);
          }
        : function later(this: object, ...args: unknown[]): Command<unknown> {
            return invokeLater(holder(this), operation, args);
          };
    define(BoundToProcess.prototype, camelCase(operation.name), method);
  }
  if (capability.name === 'time') {
    define(BoundToProcess.prototype, 'after', function after(this: object, duration: Duration): Incoming<true> {
      return startTimer(holder(this), duration, 'time.after');
    });
    define(BoundToProcess.prototype, 'ticker', function ticker(this: object, interval: Duration): Incoming<number> {
      return startTicker(holder(this), interval, 'time.ticker');
    });
  }
  Object.freeze(BoundToProcess.prototype);
  return Object.freeze(BoundToProcess);
}

function define(prototype: object, name: string, method: (...args: never[]) => unknown): void {
  Object.defineProperty(prototype, name, { value: method, enumerable: true });
}

/** `read_file` -> `readFile`. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function invokeNow(process: Process, operation: BoundOperation, args: unknown[]): Payload {
  const result = process.out.invoke(0, operation, copyArguments(args, `${operation.capability}.${operation.name}`));
  return result instanceof TroupeError ? raise(result) : result;
}

function invokeLater(process: Process, operation: BoundOperation, args: unknown[]): Command<unknown> {
  const copies = copyArguments(args, `${operation.capability}.${operation.name}`);
  return begin(process, (tag, answer) => {
    const result = process.out.invoke(tag, operation, copies);
    if (result === undefined) return;
    process.waits().abandon(tag);
    if (result instanceof TroupeError) answer.answered(undefined, result);
    else answer.answered(result, undefined);
  });
}
