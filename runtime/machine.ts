/**
 * The contract: what a language must implement so that the scheduler can run programs written in it, and what it is
 * given in return. Everything in `machines/` implements this file; nothing in `runtime/` knows a language.
 *
 * A process is a state machine that the scheduler steps:
 *
 *     load(entry) -> Program -> create() -> init(method, args) -> step(events, out)* -> close()
 *
 * A step takes what has arrived (`events`), runs until every path of the program waits, its slice is spent or it ends,
 * and says which of these it was. What need not wait is done at once through `out` (send, spawn, monitor, names). What
 * must wait is a command with a tag, chosen by the machine; its answer arrives later as an event with the same tag.
 * Several commands can be outstanding at once.
 */
import type { BoundOperation, ImportTable } from './capabilities/capability.ts';
import type { TroupeError } from './errors.ts';
import type { Consent } from './hosts/host.ts';
import type { Message } from './message.ts';
import type { Packed, Payload } from './payload/payload.ts';
import type { Entry } from './registry/entry.ts';

export type { BoundOperation, ImportTable } from './capabilities/capability.ts';
export { Message } from './message.ts';
export { Packed, type Payload } from './payload/payload.ts';
export type { Entry, Place } from './registry/entry.ts';

/** What a step reports. Plain numbers: the run loop switches on them once a step. */
export const StepStatus = {
  /** The slice is spent and there is more to do: run again after others had their turn. */
  Ready: 0,
  /** Every path waits for the answer to a command, a timer or a process event; a message does not wake it. */
  Blocked: 1,
  /** At least one path waits for a message: anything that arrives wakes it. */
  Idle: 2,
  /** The program has ended; `out.complete` or `out.fail` was called before. */
  Complete: 3,
  /** `out.upgrade` was called: the process goes on as another program (semantics section 6). */
  Upgrade: 4,
} as const;
export type StepStatus = (typeof StepStatus)[keyof typeof StepStatus];

/**
 * A program's running instance. The scheduler calls `init` once, `step` any number of times and `close` exactly once,
 * whatever happened before. Calls never nest. An exception that leaves `step` ends the process with that error.
 */
export interface StateMachine {
  /** Bind the entry method and its arguments (private to the process already). Runs no user code that can block. */
  init(method: string, args: readonly Payload[]): void;
  /**
   * Take pending events, run, write commands. `events` and `out` are the same two objects for the whole life of the
   * process, so a machine may keep them; `out` may also be used between steps (bodies that run on promises).
   */
  step(events: EventQueue, out: StepOutput): StepStatus;
  /** It waits, but has not started: for a supervisor, that its children do. Undefined: it has. */
  readonly isStarting?: boolean;
  /** Release everything. May come after any step or before the first; never throws. */
  close(): void;
  /**
   * A portable continuation: all that is needed to go on elsewhere; undefined where it cannot be moved now. Between steps
   * only. Once there is an image the process is in it and no longer here: what follows is `close`, and nothing else.
   */
  suspend?(): Image | undefined;
}

/** A suspended process, language part only: what `Program.resume` of the same program takes. */
export interface Image {
  /** sha256 of the program that can resume it. */
  readonly program: string;
  readonly bytes: Uint8Array;
}

/** Which representation of a message's payload a program reads, so that the other is never made for nothing. */
export type PayloadForm = 'value' | 'packed';

/** A loaded entry, linked against one host's imports; cached by content for every process that runs it. */
export interface Program {
  readonly payloads: PayloadForm;
  /** Cheap: this is what a spawn pays. Throws only when out of room (UNAVAILABLE). */
  create(): StateMachine;
  /**
   * The process of an image of this program, on this thread or on another one than where it was made. Throws UNAVAILABLE
   * where there is no room now (the image can be tried again), INVALID for what can never be resumed.
   */
  resume?(image: Image): StateMachine;
  /** Nobody will resume this image, because its process has ended: give back what is still kept for it. */
  discard?(image: Image): void;
  /** An error of one of its processes that was made elsewhere, whose stack names places of what runs: with those of what was written. */
  errorOf?(error: TroupeError): TroupeError;
}

/** What `prepare` made of an entry: structured-cloneable, sent to every worker once. */
export interface Artifact {
  /** sha256 over everything that went into it: the program cache is keyed by it. */
  readonly sha256: string;
  readonly data: unknown;
}

export interface PrepareTools {
  /** Another entry of the deployment by full id (for `imports:` of libraries). */
  entry(id: string): Entry | undefined;
  /** Folder of the deployment, absolute. Sources must not leave it. */
  readonly root: string;
  /** Whether at least one host that runs this entry is `trusted: true` (ordinary Node for TypeScript). */
  readonly trusted: boolean;
  /** The result is wanted soon, because it will soon be another one: a compiler need not make it fast or small. */
  readonly quick?: boolean;
  /**
   * Must be told of each file besides the entry's own source that goes into the artifact, or would if it existed: its
   * absolute path, and exactly what was read, undefined where there was none. An artifact is used again only while all of
   * them are the same. Also for what fails: its files may be what has to be corrected.
   */
  read?(path: string, content: Uint8Array | string | undefined): void;
}

/** How `troupe build` wants it; `entry` and `root` as in `PrepareTools`. */
export interface BuildTools extends Pick<PrepareTools, 'entry' | 'root'> {
  readonly optimize: 'speed' | 'size';
  /** Also make a form that people can read. */
  readonly text: boolean;
}

export interface BuiltFile {
  /** With the dot: `.wasm`. */
  readonly extension: string;
  readonly bytes: Uint8Array;
}

/** What the threads of one runtime share for one language: shared memory, say. */
export interface Shared {
  /** Every `load` of the runtime gets it, a structured clone in the workers. */
  readonly data: unknown;
  /** Called once when the runtime has ended. */
  release(): void;
  /** A worker thread (`threadId` of node:worker_threads) has died with all that was in its memory. */
  lost?(thread: number): void;
}

/** One language. Registered by entry kind. */
export interface MachineType {
  readonly kinds: readonly string[];
  /**
   * What a host that is not trusted must say before it runs programs in this language, because less bounds them than
   * those in others. Undefined: every host runs them.
   */
  readonly consent?: Consent;
  /**
   * Read, compile and verify an entry, once, on the main thread. Rejects with a TroupeError (or an AggregateError of
   * them) of kind INVALID whose `place` names file, line and column. No user code runs.
   */
  prepare(entry: Entry, tools: PrepareTools): Promise<Artifact>;
  /**
   * For `troupe build`: what a compiler makes of an entry, as files. The first is a program that an entry of this language
   * can name as its `source:`, so that it needs the compiler no more; undefined for an entry that is not compiled. Rejects
   * as `prepare` does. No user code runs.
   */
  build?(entry: Entry, tools: BuildTools): Promise<readonly BuiltFile[] | undefined>;
  /**
   * What all threads of one runtime share for this language, if anything. Called on the main thread when the runtime
   * starts, before anything is loaded.
   */
  share?(): Shared;
  /** Make it runnable in this worker, with what the host grants. Called once per worker, entry and host. */
  load(entry: Entry, artifact: Artifact, imports: ImportTable, shared?: unknown): Program;
}

/** The answer to a tagged command. */
export class Answer {
  readonly tag: number;
  /** The result; undefined where `error` is set. */
  readonly value: Payload;
  readonly error: TroupeError | undefined;
  constructor(tag: number, value: Payload, error: TroupeError | undefined) {
    this.tag = tag;
    this.value = value;
    this.error = error;
  }
}

/** Kinds of process events, as programs see them (semantics section 3). */
export const ProcessEventKind = {
  CANCEL: 'pid.cancel',
  EXIT: 'pid.exit',
  LINK_DOWN: 'pid.link.down',
  OUTDATED: 'pid.outdated',
} as const;
export type ProcessEventKind = (typeof ProcessEventKind)[keyof typeof ProcessEventKind];

/** Kind of the event that a child which was spawned with `announce` waits for the first time. Programs never see it. */
export const STARTED = 'pid.started';

/** How a process ended: exactly one of the two is meaningful; an error makes the end abnormal. */
export interface ExitResult {
  readonly value?: Payload;
  readonly error?: TroupeError;
}

export interface ProcessEvent {
  readonly kind: ProcessEventKind | typeof STARTED;
  /** PID of the process that ended or that asked. */
  readonly from: string;
  /** Unix time in seconds, with fraction. */
  readonly at: number;
  /** EXIT and LINK_DOWN. */
  readonly result?: ExitResult;
  /** CANCEL. */
  readonly reason?: string;
  /** OUTDATED: ids of the entries that changed. */
  readonly sources?: readonly string[];
}

/**
 * What has arrived for a process. Messages stay here until a path of the program asks for them, so that nothing is
 * lost or reordered by an upgrade; a machine buffers none of its own.
 */
export interface EventQueue {
  /** The next answer to a tagged command. A machine takes all of them in each step. */
  answer(): Answer | undefined;
  /** The oldest message on a topic that nothing listens on: the inbox. */
  message(): Message | undefined;
  /** The oldest message on exactly this topic, after `listen(topic)`. */
  messageOn(topic: string): Message | undefined;
  /** The next process event. Events wait until it is first called, by which, or by `hear`, a program shows that it hears them. */
  event(): ProcessEvent | undefined;
  /** The program will take process events, though it takes none yet. */
  hear(): void;
  /** From now on messages on `topic` (waiting ones included) go to `messageOn(topic)`. Idempotent. RATE_LIMITED: too many topics. */
  listen(topic: string): TroupeError | undefined;
  /** Later messages on `topic` fall to the inbox. Those already routed stay readable by `messageOn`. */
  unlisten(topic: string): void;
  /** Messages waiting, on all topics. */
  readonly waiting: number;
}

/** A spawn, in any of its forms (semantics section 2). */
export interface SpawnRequest {
  /** Registry id of the entry; without a namespace the spawner's own. */
  readonly id: string;
  /** Registry id of the host; undefined: the entry's `meta.default_host`, else the deployment's only host. */
  readonly host?: string;
  /** Must be private to the child already: machines copy with `copyPayload` or build fresh values. */
  readonly args?: readonly Payload[];
  readonly monitor?: boolean;
  readonly link?: boolean;
  /** Spawn-or-signal: where the name is taken nothing is spawned and `messages` go to the holder. */
  readonly name?: string;
  /** Where the name is taken the answer is ALREADY_EXISTS, and its holder hears nothing of it. */
  readonly exclusive?: boolean;
  /**
   * For who starts others in order: the spawner gets a STARTED event once the child waits for the first time. One that ends
   * before that sends none.
   */
  readonly announce?: boolean;
  /** Delivered before any other message. */
  readonly messages?: readonly { readonly topic: string; readonly payloads: readonly Payload[] }[];
  /** Context values laid over the inherited ones. */
  readonly context?: { readonly [key: string]: Payload };
  /** Milliseconds after which `exec` answers TIMEOUT and the child is cancelled. */
  readonly timeout?: number;
  /** Where the entry says nothing: the method to run. */
  readonly method?: string;
  /** `exec` only: a call of a function, for which policies are asked `funcs.call` and not `process.exec`. */
  readonly call?: boolean;
}

export interface ProcessOptions {
  trap_links: boolean;
  upgradable: boolean;
}

/**
 * What a process can do. Calls that need no waiting act at once and answer with a value or with the error (they never
 * throw for what a program did wrong). Calls that take a `tag` answer later, by an event. What acts on others is asked of
 * the process's policies and its host's settings first, here and nowhere else: PERMISSION_DENIED (semantics section 8).
 *
 * Payloads handed in must be private to the callee already: `copyPayload` them, or build them fresh.
 */
export interface StepOutput {
  /** `{host|0x00001}`. */
  readonly pid: string;
  /** Registry id of the entry that runs. */
  readonly id: string;
  /** Context values of the process, inherited through spawns and calls. Frozen. */
  readonly context: { readonly [key: string]: Payload };

  /**
   * Send to a PID or a registered name. `count` is how many payloads the caller gave: 1 means `payload` is the value,
   * any other number that it is the list of them. `bytes`: roughly what the payload keeps, for machines that know it; it
   * counts where it is `COUNTED_BYTES` of `message.ts` or more. Errors: NOT_FOUND, INVALID (reserved topic), RATE_LIMITED (full).
   */
  send(dest: string, topic: string, payload: Payload | Packed, count: number, bytes?: number): TroupeError | undefined;
  /** The child's PID, or the error; nothing is left behind in that case. */
  spawn(request: SpawnRequest): string | TroupeError;
  monitor(pid: string): TroupeError | undefined;
  /** PERMISSION_DENIED; succeeds also for what is not monitored. */
  unmonitor(pid: string): TroupeError | undefined;
  link(pid: string): TroupeError | undefined;
  /** PERMISSION_DENIED; succeeds also for what is not linked. */
  unlink(pid: string): TroupeError | undefined;
  /** Ask a process to end: it gets a CANCEL event. */
  cancel(dest: string, reason?: string): TroupeError | undefined;
  /** End a process at its next step boundary, at once where it waits. */
  terminate(dest: string): TroupeError | undefined;
  /**
   * For who keeps others running: CANCEL to a process that has asked for its events, `terminate` for one that never has and
   * so could not hear it.
   */
  shutdown(dest: string, reason?: string): TroupeError | undefined;
  /** Give a name to `pid` (default: this process). */
  register(name: string, pid?: string): TroupeError | undefined;
  /** The PID that holds a name, or NOT_FOUND. */
  lookup(name: string): string | TroupeError;
  /** Whether the name was held, or PERMISSION_DENIED. */
  unregister(name: string): boolean | TroupeError;
  setOptions(options: Partial<ProcessOptions>): void;
  options(): ProcessOptions;

  /** Answer `tag` after `milliseconds` (> 0, fractions allowed; the resolution is one millisecond). */
  timer(tag: number, milliseconds: number): void;
  /**
   * Spawn, wait for the end, answer with the value or the error. `request.host` may be left out for functions. Returns
   * the child's PID; undefined where it could not be spawned, which the answer tells.
   */
  exec(tag: number, request: SpawnRequest): string | undefined;
  /**
   * Call an imported operation. A synchronous one returns its value or error at once; an asynchronous one returns
   * `undefined` and answers `tag` (so a synchronous operation answers `null` for "nothing", never `undefined`).
   */
  invoke(tag: number, operation: BoundOperation, args: readonly Payload[]): Payload | TroupeError;
  /**
   * Forget a command: a child of `exec` is cancelled, a timer removed. True: it was outstanding, and no answer will come.
   * False: it was answered already, and if no step has taken that answer yet it still comes.
   */
  abandon(tag: number): boolean;
  /**
   * Whether a command has not been answered yet. A machine that asks need not keep anything itself for each timer of a
   * program, of which there can be a hundred thousand.
   */
  isOutstanding(tag: number): boolean;
  /** Whether a timer runs: the process can go on without anybody else. */
  readonly anyTimer: boolean;
  /**
   * Milliseconds that calls of this step took since this was last asked, as far as they were long enough to be measured: 0
   * after most. A machine that counts what its programs compute does not see them, and adds them.
   */
  takeWork(): number;

  /** The result of the program, before a step returns Complete. */
  complete(value: Payload): void;
  fail(error: TroupeError): void;
  /**
   * Go on as another entry (null: the current one, reloaded), before a step returns Upgrade. Nobody is there any more to be
   * told of a failure: instead of arguments an error says why there are none, and the process ends with it.
   */
  upgrade(id: string | null, args: readonly Payload[] | TroupeError): void;
  /** For machines whose programs go on outside of steps (promises): ask to be stepped. */
  wake(): void;
}
