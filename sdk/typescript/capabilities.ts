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
import { closeClass } from './closed.ts';
import { begin, type Command } from './command.ts';
import type { Duration } from './duration.ts';
import { copyArguments, raise } from './guest_error.ts';
import type { Process } from './process.ts';
import { type Security, securityMethods } from './security.ts';
import { startTicker, startTimer } from './timer.ts';

/** The clock of the runtime. */
export interface Time {
  /** Unix time in nanoseconds. */
  now(): bigint;
  /** Nanoseconds since some moment; never goes back. */
  monotonic(): bigint;
  /** Unix time in seconds, with fraction. */
  unix(): number;
  sleep(duration: Duration): Command<void>;
  /** A channel that gives `true` once, after the duration. */
  after(duration: Duration): Timer<true>;
  /** A channel that gives 1, 2, 3... in this interval; ticks that nobody takes in time are left out. */
  ticker(interval: Duration): Timer<number>;
  /** Nanoseconds of a text such as "1h30m"; throws INVALID. */
  parseDuration(duration: Duration): number;
  /** Text of unix seconds (default: now): RFC 3339, or as a layout shows; in UTC, or at a location such as "Europe/Berlin". */
  format(unixSeconds?: number | null, layout?: string | null, location?: string): string;
  /** Unix seconds of RFC 3339 text; throws INVALID. */
  parse(text: string): number;
  /** Unix seconds of a text in a layout; one that names no zone is at the location (UTC). Throws INVALID. */
  parse(layout: string, text: string, location?: string): number;
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
  write(...contents: (string | Uint8Array)[]): Command<true>;
  writeError(content: string | Uint8Array): Command<true>;
  /** Values with tabs between them and a line end. */
  print(...values: unknown[]): Command<true>;
  /** The same to standard error. */
  eprint(...values: unknown[]): Command<true>;
  /** Nothing is held back. */
  flush(): true;
  /** The next line without its end; null at the end of input. */
  readLine(): Command<string | null>;
  /** The same; throws NOT_FOUND at the end of input. */
  readline(): Command<string>;
  /** At most so many bytes (1024) of what there is, as they came, from a terminal of the next line; throws NOT_FOUND at the end of input. */
  read(maxBytes?: number): Command<Uint8Array>;
  /** Waits until there is something to read: how many bytes at least; 0 at the end of input. */
  inputReady(): Command<number>;
  /**
   * Input key by key (default) or by lines again. Ctrl-C cancels the process and Ctrl-Z suspends the program, unless they are
   * wanted as keys. Throws UNAVAILABLE where the input is no terminal. Ends with the process.
   */
  rawMode(on?: boolean, options?: { ctrl_c?: 'cancel' | 'key'; ctrl_z?: 'suspend' | 'key' }): Command<true>;
  /** The next key; null when none comes in that time. Throws NOT_FOUND at the end of input. */
  readKey(): Command<Key>;
  readKey(milliseconds: number): Command<Key | null>;
  isTty(stream?: 'output' | 'error' | 'input'): boolean;
  /** Of the output, as it is now. */
  columns(): number;
  rows(): number;
  /** From now on each new size comes as a message on this topic, without one no more; the present size. */
  onResize(topic?: string): TerminalSize;
  /** Bits of a colour; 0: none. */
  colors(): 0 | 4 | 8 | 24;
  /** In styles such as `bold`, `red`, `on_bright_blue`, `#ff8800`; as it is where the output has no colours. */
  style(text: string, ...names: string[]): string;
  /** A foreign text in one line, in which nothing steers the terminal. */
  escape(text: string): string;
  /** How many columns it takes. */
  width(text: string): number;
  /** What follows writes nothing where the output is no terminal. */
  clear(part?: 'screen' | 'below' | 'line' | 'right'): Command<true>;
  /** Counted from 1. */
  moveTo(column: number, row?: number): Command<true>;
  moveBy(columns: number, rows?: number): Command<true>;
  /** Shown again when the process ends. */
  showCursor(visible?: boolean): Command<true>;
  /** Left when the process ends. */
  alternateScreen(on?: boolean): Command<true>;
}

export interface Key {
  /** Letters in lower case, `space`, `enter`, `up`, `f1`, `paste`, `unknown`, ... */
  key: string;
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
  /** What it types; a paste as a whole. */
  text?: string;
  /** Of `unknown`: what came. */
  sequence?: string;
}

/** In characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** What is known of a file: `size` in bytes, times in unix seconds. */
export interface FileDescription {
  type: 'file' | 'directory' | 'link' | 'other';
  size: number;
  modified: number;
  accessed: number;
  changed: number;
  /** How many names the file has. */
  links: number;
  /** Tells files of one disk apart. */
  inode: number;
}

/** Unix seconds; what is left out stays. */
export interface FileTimes {
  accessed?: number | 'now';
  modified?: number | 'now';
}

export interface OpenOptions {
  /** By the content where it is `'auto'` (default); only for what is not written. */
  gunzip?: 'auto' | boolean;
  /** For writing, too; implied by the next four. */
  write?: boolean;
  /** Everything is written at the end. */
  append?: boolean;
  create?: boolean;
  /** Make it; fail where it exists. */
  exclusive?: boolean;
  truncate?: boolean;
  /** `false`: fail where the path is a symbolic link. */
  follow?: boolean;
}

/** Files below the folder that the host grants, or below several, whose names begin the paths then. */
export interface Fs {
  /** Text (UTF-8), or bytes; at most 64 MiB. */
  readFile(path: string): Command<string>;
  readFile(path: string, options: { bytes: true }): Command<Uint8Array>;
  writeFile(
    path: string,
    content: string | Uint8Array,
    options?: { append?: boolean; exclusive?: boolean },
  ): Command<true>;
  /** `follow: false`: of a symbolic link itself. */
  stat(path: string, options?: { follow?: boolean }): Command<FileDescription>;
  list(path?: string): Command<{ name: string; type: 'file' | 'directory' | 'link' | 'other' }[]>;
  /** The folder that it lies in must exist. */
  makeDirectory(path: string): Command<true>;
  /** It must be empty. */
  removeDirectory(path: string): Command<true>;
  /** A file, or a symbolic link itself. */
  remove(path: string): Command<true>;
  /** A file of the new path is replaced. */
  rename(path: string, newPath: string): Command<true>;
  setTimes(path: string, times: FileTimes, options?: { follow?: boolean }): Command<true>;
  /** A handle for reading or writing piece by piece. */
  open(path: string, options?: OpenOptions): Command<number>;
  /** The next bytes, at most `maxBytes` (default 64 KiB); null at the end. */
  read(handle: number, maxBytes?: number): Command<Uint8Array | null>;
  /** The same from a position; where `read` goes on is not changed. */
  readAt(handle: number, position: number, maxBytes?: number): Command<Uint8Array | null>;
  /** Where the last read or write ended; how many bytes. */
  write(handle: number, content: string | Uint8Array): Command<number>;
  writeAt(handle: number, position: number, content: string | Uint8Array): Command<number>;
  /** Where the next `read` or `write` is, in bytes; the new position. */
  seek(handle: number, offset: number, from?: 'start' | 'current' | 'end'): Command<number>;
  truncate(handle: number, size: number): Command<true>;
  /** Waits until what was written is on the disk. */
  sync(handle: number): Command<true>;
  statOpen(handle: number): Command<FileDescription>;
  setTimesOpen(handle: number, times: FileTimes): Command<true>;
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
  /** Those that are set, by name. */
  getAll(): { [name: string]: string };
}

/** Values by key, shared by the processes of a runtime. */
export interface Store {
  get<T = any>(key: string): Command<T | null>;
  has(key: string): Command<boolean>;
  /** `ttl`: seconds, or a text such as "5m", after which it is gone. */
  set(key: string, value: unknown, ttl?: number | string): Command<true>;
  /** Whether there was one. */
  delete(key: string): Command<boolean>;
  list(prefix?: string): Command<string[]>;
}

export interface HttpOptions {
  headers?: { readonly [name: string]: string | number | readonly (string | number)[] };
  /** Added to the query of the URL. */
  query?: { readonly [name: string]: QueryValue | readonly QueryValue[] };
  body?: Bytes;
  /** Sent as JSON. */
  json?: unknown;
  auth?: { user: string; password: string } | { bearer: string };
  /** What the answer's body shall be; `json`: its value. */
  as?: 'text' | 'bytes' | 'json';
  /** Nanoseconds or text, for all of the request. */
  timeout?: Duration;
  /** Of the answer's body. */
  max_bytes?: number;
  /** 0: a redirect is the answer. */
  redirects?: number;
}

type QueryValue = string | number | boolean | bigint;

export interface HttpAnswer<Body = string> {
  status: number;
  status_text: string;
  /** By names in lower case; `set-cookie` is a list. */
  headers: { [name: string]: string } & { 'set-cookie'?: string[] };
  body: Body;
  /** Where it came from. */
  url: string;
  redirected: boolean;
}

interface HttpMethod {
  <T = any>(url: string, options: HttpOptions & { as: 'json' }): Command<HttpAnswer<T>>;
  (url: string, options: HttpOptions & { as: 'bytes' }): Command<HttpAnswer<Uint8Array>>;
  (url: string, options?: HttpOptions): Command<HttpAnswer>;
}

export type HttpMethodName = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS';

/** Requests to the servers that the host names. Throws UNAVAILABLE or TIMEOUT where there is no answer. */
export interface HttpClient {
  request<T = any>(method: HttpMethodName, url: string, options?: HttpOptions): Command<HttpAnswer<T>>;
  get: HttpMethod;
  head: HttpMethod;
  post: HttpMethod;
  put: HttpMethod;
  delete: HttpMethod;
  patch: HttpMethod;
  /** At most 32, answered in their order. */
  requestBatch(
    requests: readonly { method?: HttpMethodName; url: string; options?: HttpOptions }[],
  ): Command<({ answer: HttpAnswer<any>; error?: undefined } | { answer?: undefined; error: TroupeError })[]>;
}

/** What a subscriber gets as the value of a message. */
export interface PublishedEvent<Data = any> {
  system: string;
  kind: string;
  path?: string;
  data?: Data;
  /** PID of the publisher. */
  from: string;
}

/** Events among all processes of a runtime. */
export interface Events {
  /** To how many subscriptions it was given. */
  send(system: string, kind: string, path?: string | null, data?: unknown): Command<number>;
  /** An id. `kind`: a glob; `topic`: of the messages, default `events`. */
  subscribe(system: string, kind?: string | null, topic?: string): Command<number>;
  /** Whether the process had it. */
  unsubscribe(id: number): Command<boolean>;
}

/** A child of a supervisor, as it is specified. */
export interface ChildOptions {
  /** Id of a program, a service or a supervisor. */
  process: string;
  /** Registered for it, and its key; default: its key is `process`, with a number where it repeats. */
  name?: string | null;
  /** Default: `meta.default_host` of the entry, else the deployment's only host. */
  host?: string | null;
  /** Arguments of the method. */
  input?: readonly unknown[] | null;
  /** Default: `permanent`. */
  restart?: 'permanent' | 'transient' | 'temporary' | null;
  /** From CANCEL to the end by force; default: 10 s, for supervisors no end. 0: by force at once. */
  shutdown?: Duration | 'infinity' | null;
  /** Until it waits for the first time; default: the same. */
  start_timeout?: Duration | 'infinity' | null;
  /** Its end by itself ends the supervisor; not for `permanent` ones. */
  significant?: boolean | null;
  /** Default: `none`. `previous`: where new code fails soon after its start, the next start is of the code before. */
  fallback?: 'none' | 'previous' | null;
}

/** What a supervisor does; every key may be left out. */
export interface SupervisorOptions {
  /** In the order of their start; an id is short for `{ process: id }`. */
  children?: readonly (string | ChildOptions)[] | null;
  /** Default: `one_for_one`. */
  strategy?: 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one' | null;
  /** More restarts than `max` (3) within `within` (5 s): it gives up. */
  intensity?: { max?: number | null; within?: Duration | null } | null;
  /** Default: `any_significant` where a child is significant, else `never`. */
  auto_shutdown?: 'never' | 'any_significant' | 'all_significant' | null;
}

/** A child of a supervisor, as it is now. */
export interface SupervisedChild {
  /** Its name, or its process, with a number where that repeats. */
  key: string;
  pid: string | null;
  process: string;
  kind: 'worker' | 'supervisor';
  state: 'starting' | 'running' | 'ended' | 'stopping' | 'restarting' | 'stopped';
  restart: 'permanent' | 'transient' | 'temporary';
  /** How often it was started again. */
  restarts: number;
  significant: boolean;
  /** With which it ended last. */
  error: string | null;
}

/** Processes that start, restart and stop others. A supervisor is named by its PID or name, a child by its key or PID. */
export interface Supervisors {
  /** Make one, which ends with this process; its PID once all children have started. Throws why one could not be. */
  start(specification: SupervisorOptions): Command<string>;
  /** Add a child and start it; of `simple_one_for_one` `child` is a list of further arguments. `pid`: null where it has ended. */
  startChild(
    supervisor: string,
    child?: string | ChildOptions | readonly unknown[],
  ): Command<{ key: string; pid: string | null }>;
  /** Stop a child; it is kept unless it is temporary. */
  terminateChild(supervisor: string, child: string): Command<null>;
  /** Start a child that does not run again; its PID. Throws CONFLICT where it runs. */
  restartChild(supervisor: string, child: string): Command<string | null>;
  /** Forget a child that does not run. */
  deleteChild(supervisor: string, child: string): Command<null>;
  /** In the order of their start. */
  children(supervisor: string): Command<SupervisedChild[]>;
  count(supervisor: string): Command<{ children: number; active: number; supervisors: number; workers: number }>;
  /** Waits until it and all its children have ended. */
  stop(supervisor: string, reason?: string | null): Command<null>;
}

/** JSON text and back. */
export interface Json {
  /** `indent`: 0 to 10 spaces. */
  encode(value: unknown, options?: { indent?: number }): string;
  decode<T = any>(text: string): T;
  /** Throws INVALID where the value does not match the JSON Schema (an object or JSON text); `details.errors` says where. */
  validate(schema: object | string, value: unknown): true;
  /** The same for the value of a JSON text. */
  validateString(schema: object | string, text: string): true;
}

/** The values that the process inherited. */
export interface Ctx {
  /** Throws NOT_FOUND where there is none. */
  get<T = any>(key: string): T;
  all(): { [key: string]: any };
}

export type UuidVariant = 'RFC4122' | 'NCS' | 'Microsoft' | 'Future';

/** Identifiers of RFC 9562. */
export interface Uuid {
  v1(): string;
  /** From a namespace (a UUID) and a name, as `v5`. */
  v3(namespace: string, name: string): string;
  v4(): string;
  v5(namespace: string, name: string): string;
  /** Later ones sort after earlier ones. */
  v7(): string;
  validate(value: unknown): boolean;
  version(uuid: string): number;
  variant(uuid: string): UuidVariant;
  /** `timestamp` (unix seconds) of v1 and v7, `node` of v1. */
  parse(uuid: string): { version: number; variant: UuidVariant; timestamp?: number; node?: string };
  format(uuid: string, form?: 'standard' | 'simple' | 'urn'): string;
}

/** Bytes as text and back. Text counts as its UTF-8. */
export interface Base64 {
  encode(content: string | Uint8Array, options?: { url_safe?: boolean; padding?: boolean }): string;
  decode(text: string, options?: { url_safe?: boolean }): Uint8Array;
}

type Digest = { (data: Bytes, raw?: false): string; (data: Bytes, raw: true): Uint8Array };
type KeyedDigest = {
  (data: Bytes, secret: Bytes, raw?: false): string;
  (data: Bytes, secret: Bytes, raw: true): Uint8Array;
};
/** Text counts as its UTF-8. */
type Bytes = string | Uint8Array;

/** Digests: hexadecimal text, with `raw` bytes. */
export interface Hash {
  md5: Digest;
  sha1: Digest;
  sha256: Digest;
  sha512: Digest;
  hmacMd5: KeyedDigest;
  hmacSha1: KeyedDigest;
  hmacSha256: KeyedDigest;
  hmacSha512: KeyedDigest;
  /** FNV-1a, below 2^32. */
  fnv32(data: Bytes): number;
  /** FNV-1a, signed. */
  fnv64(data: Bytes): bigint;
}

/** Regular expressions in RE2's syntax, in linear time. Throws INVALID for what is no pattern. */
export interface Text {
  regexpMatch(pattern: string, text: string): boolean;
  /** First and last byte of each match, counted from 1; the whole and its groups, null for one that took no part. */
  regexpFind(
    pattern: string,
    text: string,
    limit?: number,
  ): { start: number; end: number; groups: (string | null)[] }[];
  /** `$1` and `${name}` are groups, `$$` a dollar sign. */
  regexpReplace(pattern: string, text: string, replacement: string): string;
  regexpSplit(pattern: string, text: string, limit?: number): string[];
  /** Names of the groups, the first for the whole; empty where there is none. */
  regexpNames(pattern: string): string[];
}

export interface RegistryEntry {
  id: string;
  kind: string;
  meta: { [key: string]: any };
  /** What the keys of its kind say. */
  data: any;
}

/** The keys of the YAML; `id`, or `name` and `namespace` (left out: the own one). */
export interface EntryDefinition {
  readonly id?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly kind: string;
  readonly [key: string]: unknown;
}

export interface RegistryOptions {
  /** CONFLICT where the deployment is of another version. */
  readonly if_version?: number;
  /** For the history. */
  readonly note?: string;
}

/** Ids, and how many entries stayed as they were. */
export interface RegistryChanged {
  version: number;
  added: string[];
  changed: string[];
  removed: string[];
  unchanged: number;
}

export interface RegistryVersion {
  version: number;
  /** Unix time in seconds. */
  at: number;
  by: { what: string; pid?: string; entry?: string; actor?: string };
  note?: string;
  /** The version that an undo has brought back. */
  undone_to?: number;
  changes: { id: string; what: 'added' | 'changed' | 'removed'; keys: string[] }[];
}

/** The deployment's entries. To change them the host must grant `registry: {write: ...}`; else PERMISSION_DENIED. */
export interface Registry {
  /** Throws NOT_FOUND. */
  get(id: string): RegistryEntry;
  /** Sorted by id. Keys: `kind`, `ns`, `name`, `id`, `meta.<key>`; `*`, `^`, `$` or `~` in front: contains, begins, ends, matches. */
  find(filter?: { readonly [key: string]: unknown }): RegistryEntry[];
  parseId(id: string): { ns: string; name: string };
  /** All of the changes or none; `details.problems` of the error has each mistake with its place. */
  apply(
    changes: readonly ({ readonly set: EntryDefinition } | { readonly remove: string })[],
    options?: RegistryOptions,
  ): Command<RegistryChanged>;
  /** Bring back a version; where none is named the one before. Throws NOT_FOUND where nothing is to be undone. */
  undo(version?: number | null, options?: RegistryOptions): Command<RegistryChanged>;
  /** The newest first. */
  history(): Command<RegistryVersion[]>;
  version(): Command<number>;
}

type TokenAlgorithm = 'HS256' | 'HS384' | 'HS512';

/** Secrets. */
export interface Crypto {
  randomBytes(length: number): Uint8Array;
  randomString(length: number, alphabet?: string): string;
  randomUuid(): string;
  /** Hexadecimal. */
  hmacSha256(key: Bytes, data: Bytes): string;
  hmacSha512(key: Bytes, data: Bytes): string;
  /** AES-GCM; the key has 16, 24 or 32 bytes. */
  encryptAes(data: Bytes, key: Bytes, additionalData?: Bytes): Uint8Array;
  /** Throws INVALID where anything is not the same. */
  decryptAes(data: Bytes, key: Bytes, additionalData?: Bytes): Uint8Array;
  /** ChaCha20-Poly1305; the key has 32 bytes. */
  encryptChacha20(data: Bytes, key: Bytes, additionalData?: Bytes): Uint8Array;
  decryptChacha20(data: Bytes, key: Bytes, additionalData?: Bytes): Uint8Array;
  jwtEncode(claims: { readonly [key: string]: unknown }, key: Bytes, algorithm?: TokenAlgorithm): string;
  /** The claims; throws PERMISSION_DENIED. */
  jwtVerify(token: string, key: Bytes, algorithm?: TokenAlgorithm | null, requireExp?: boolean): { [key: string]: any };
  pbkdf2(
    password: Bytes,
    salt: Bytes,
    iterations: number,
    keyLength: number,
    hash?: 'sha256' | 'sha512',
  ): Command<Uint8Array>;
  constantTimeCompare(a: Bytes, b: Bytes): boolean;
}

/** Those that come with the runtime, by their names: what `self.capability` answers. */
export interface Capabilities {
  time: Time;
  logger: Logger;
  json: Json;
  ctx: Ctx;
  random: Random;
  uuid: Uuid;
  base64: Base64;
  hash: Hash;
  text: Text;
  registry: Registry;
  security: Security;
  store: Store;
  events: Events;
  supervisor: Supervisors;
  io: Io;
  fs: Fs;
  http_client: HttpClient;
  env: Env;
  crypto: Crypto;
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
    if (capability.name === 'security' && Object.hasOwn(securityMethods, camelCase(operation.name))) continue;
    // Methods, which cannot be constructors and have no prototype that programs could write to.
    const { now, later } = {
      now(this: object, ...args: unknown[]): Payload {
        return invokeNow(holder(this), operation, args);
      },
      later(this: object, ...args: unknown[]): Command<unknown> {
        return invokeLater(holder(this), operation, args);
      },
    };
    define(BoundToProcess.prototype, camelCase(operation.name), operation.definition.mode === 'sync' ? now : later);
  }
  if (capability.name === 'time') {
    const { after, ticker } = {
      after(this: object, duration: Duration): Incoming<true> {
        return startTimer(holder(this), duration, 'time.after');
      },
      ticker(this: object, interval: Duration): Incoming<number> {
        return startTicker(holder(this), interval, 'time.ticker');
      },
    };
    define(BoundToProcess.prototype, 'after', after);
    define(BoundToProcess.prototype, 'ticker', ticker);
  }
  if (capability.name === 'security') {
    for (const [name, method] of Object.entries(securityMethods)) {
      const { security } = {
        security(this: object, ...args: unknown[]): unknown {
          const process = holder(this);
          return method((operation, values) => invokeNow(process, capability.operations[operation], values), args);
        },
      };
      define(BoundToProcess.prototype, name, security);
    }
  }
  closeClass(BoundToProcess);
  return BoundToProcess;
}

function define(prototype: object, name: string, method: (...args: never[]) => unknown): void {
  Object.defineProperty(prototype, name, { value: Object.freeze(method), enumerable: true });
}

/** `read_file` -> `readFile`. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function invokeNow(process: Process, operation: BoundOperation, args: readonly unknown[]): Payload {
  const result = process.out.invoke(0, operation, copyArguments(args, operation.title));
  return result instanceof TroupeError ? raise(result) : result;
}

function invokeLater(process: Process, operation: BoundOperation, args: unknown[]): Command<unknown> {
  const copies = copyArguments(args, operation.title);
  return begin(process, (tag, answer) => {
    const result = process.out.invoke(tag, operation, copies);
    if (result === undefined) return;
    process.waits().abandon(tag);
    if (result instanceof TroupeError) answer.answered(undefined, result);
    else answer.answered(result, undefined);
  });
}
