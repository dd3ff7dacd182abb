/** Commands with a tag: timers, `exec`, asynchronous operations. Each is answered once, or forgotten. */
import type { BoundOperation, CallContext, Worked } from '../capabilities/capability.ts';
import { operate } from '../capabilities/operate.ts';
import type { Rates } from '../capabilities/rates.ts';
import type { Services } from '../capabilities/services.ts';
import { badTimer, execTimeout } from '../catalogue.ts';
import type { Clock } from '../clock.ts';
import { type TroupeError, toTroupeError } from '../errors.ts';
import { SUPERVISOR_HOST } from '../hosts/host.ts';
import type { Entry, ExitResult, Payload, SpawnRequest } from '../machine.ts';
import { type Process, ProcessState } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Meta, Verdict } from '../security/authority.ts';
import type { TimerOwner } from '../scheduler/timing_wheel.ts';
import { judgeDest, refuseOperation, wouldBe } from './guard.ts';
import { cancelSignal, terminateSignal, unmonitorSignal } from './signal.ts';
import { faultOfSpawn, spawnChild } from './spawn.ts';

/** A child of an `exec` whose caller is gone gets CANCEL, and is terminated after so many milliseconds. */
export const CANCEL_GRACE = 5_000;

/**
 * One outstanding command that is not just a timer. Exactly one of `child` and `operation` says what it waits for; the
 * timeout of an `exec` is a timer of the process under the same tag.
 */
export interface Command {
  /** PID of the process that an `exec` waits for. */
  readonly child: string | undefined;
  readonly operation: BoundOperation | undefined;
  /** For messages: the entry that runs. */
  readonly id: string;
  readonly timeout: number;
  /** Of a child that its parent stops in an order of its own: a CANCEL is not passed on to it. */
  readonly supervised: boolean;
  /**
   * The child was told to end and is terminated if it does not. It is not told again: each end in a chain of calls would
   * reach all below it, which is the square of its length.
   */
  isEnding: boolean;
}

function commandsOf(process: Process): Map<number, Command> {
  const rare = process.rare;
  return (rare.commands ??= new Map());
}

// --- timers -------------------------------------------------------------------------------------------------------

export function timerCommand(process: Process, tag: number, milliseconds: number): void {
  const scheduler = process.linked.scheduler;
  if (!(milliseconds > 0)) {
    scheduler.answer(process, tag, undefined, badTimer());
    return;
  }
  scheduler.timers.arm(process, tag, milliseconds);
  scheduler.kick();
}

/** A timer has fired: it is answered, or an `exec` has run out of time. */
export function commandTimeout(process: Process, tag: number): void {
  const scheduler = process.linked.scheduler;
  const command = process.extras?.commands?.get(tag);
  if (command === undefined) {
    scheduler.answer(process, tag, null, undefined);
    return;
  }
  process.extras!.commands!.delete(tag);
  // It happens outside of its steps, and is of it all the same.
  scheduler.outbound?.sends(process);
  stopChild(scheduler, process.pid, tag, command, 'timeout');
  scheduler.answer(process, tag, undefined, execTimeout(command.id, command.timeout));
}

// --- exec ---------------------------------------------------------------------------------------------------------

/**
 * Answers the child's PID; undefined where it could not be spawned, which `tag` is answered with. `allowed`: it was judged
 * already.
 */
export function execCommand(process: Process, tag: number, request: SpawnRequest, allowed = false): string | undefined {
  const scheduler = process.linked.scheduler;
  const child = spawnChild(scheduler, process, request, tag, allowed);
  if (typeof child !== 'string') {
    scheduler.answer(process, tag, undefined, child);
    return undefined;
  }
  const timeout = request.timeout ?? 0;
  if (timeout > 0) scheduler.timers.arm(process, tag, timeout);
  const supervised = request.announce === true;
  commandsOf(process).set(tag, { child, operation: undefined, id: request.id, timeout, supervised, isEnding: false });
  return child;
}

/** The child of an `exec` has ended. */
export function answerExec(process: Process, tag: number, from: string, result: ExitResult): void {
  const command = process.extras?.commands?.get(tag);
  if (command === undefined || command.child !== from) return;
  process.extras!.commands!.delete(tag);
  const scheduler = process.linked.scheduler;
  scheduler.timers.cancel(process, tag);
  scheduler.answer(process, tag, result.value, result.error);
}

/** Processes that were cancelled and have not passed it on yet, while one of them does. */
const cancelled = new WeakMap<Scheduler, { readonly process: Process; readonly reason: string | undefined }[]>();

/**
 * Who waits for children and is cancelled passes it on to them (semantics section 2): one after the other, not nested, so that
 * a chain of a hundred thousand calls needs no stack.
 */
export function cancelChildren(process: Process, reason: string | undefined): void {
  if (process.extras?.commands === undefined) return;
  const { scheduler } = process.linked;
  const waiting = cancelled.get(scheduler);
  if (waiting !== undefined) {
    waiting.push({ process, reason });
    return;
  }
  const queue = [{ process, reason }];
  cancelled.set(scheduler, queue);
  try {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) passOnCancel(next.process, next.reason);
  } finally {
    cancelled.delete(scheduler);
  }
}

function passOnCancel(process: Process, reason: string | undefined): void {
  const commands = process.extras?.commands;
  if (commands === undefined) return;
  const scheduler = process.linked.scheduler;
  scheduler.outbound?.sends(process);
  for (const command of commands.values()) {
    if (command.child === undefined || command.supervised || command.isEnding) continue;
    command.isEnding = true;
    tellToEnd(scheduler, process.pid, command.child, reason);
  }
}

/** Nobody waits for a child any more. */
function stopChild(
  scheduler: Scheduler,
  from: string,
  tag: number,
  { child, isEnding }: Command,
  reason: string,
): void {
  if (child === undefined) return;
  // Of what watches the child this command's end is meant, and not a monitor that the caller has besides.
  scheduler.notify(child, unmonitorSignal(from, tag));
  if (isEnding) return;
  tellToEnd(scheduler, from, child, reason);
}

/** The caller of a child was lost with its thread, if it is still the one that waits for it. */
export function orphaned(child: Process, caller: string, tag: number): void {
  const watchers = child.extras?.watchers;
  const at = watchers?.findIndex(watcher => watcher.pid === caller && watcher.tag === tag) ?? -1;
  if (at < 0) return;
  watchers!.splice(at, 1);
  const { scheduler } = child.linked;
  tellToEnd(scheduler, caller, child.pid, 'the caller is gone');
}

/** CANCEL now, terminate if it does not end by itself. */
function tellToEnd(scheduler: Scheduler, from: string, child: string, reason: string | undefined): void {
  scheduler.notify(child, cancelSignal(from, scheduler.clock.unix() / 1000, reason));
  scheduler.wheel.arm(scheduler.clock.now(), CANCEL_GRACE, new Termination(scheduler, from, child), 0);
  scheduler.kick();
}

class Termination implements TimerOwner {
  readonly #scheduler: Scheduler;
  readonly #from: string;
  readonly #child: string;

  constructor(scheduler: Scheduler, from: string, child: string) {
    this.#scheduler = scheduler;
    this.#from = from;
    this.#child = child;
  }

  timerFired(): void {
    this.#scheduler.notify(this.#child, terminateSignal(this.#from));
  }
}

// --- operations of capabilities -----------------------------------------------------------------------------------

export function invokeCommand(
  process: Process,
  tag: number,
  operation: BoundOperation,
  args: readonly Payload[],
): Payload | TroupeError {
  const { definition } = operation;
  let result: Worked;
  try {
    const caller = (process.rare.caller ??= new Caller(process));
    if (definition.mode === 'sync' && canTakeLong(args)) result = measured(process, operation, caller, args);
    else result = operate(caller, operation, args);
  } catch (thrown) {
    const error = toTroupeError(thrown, 'INTERNAL');
    if (definition.mode === 'sync') return error;
    process.linked.scheduler.answer(process, tag, undefined, error);
    return undefined;
  }
  if (definition.mode === 'sync') return result instanceof Promise ? null : ((result as Payload) ?? null);
  if (definition.mode === 'timer') {
    timerCommand(process, tag, Number(result));
    return undefined;
  }
  if (definition.mode === 'exec') {
    execCommand(process, tag, result as SpawnRequest, true);
    return undefined;
  }
  const command: Command = { child: undefined, operation, id: '', timeout: 0, supervised: false, isEnding: false };
  commandsOf(process).set(tag, command);
  Promise.resolve(result as Payload).then(
    value => settle(process, tag, command, value, undefined),
    thrown => settle(process, tag, command, undefined, toTroupeError(thrown, 'INTERNAL')),
  );
  return undefined;
}

/** Texts, bytes and lists up to this length keep no operation busy. */
const SHORT = 256;

/** For an operation with short arguments the clock is not read. */
function canTakeLong(args: readonly Payload[]): boolean {
  for (const arg of args) {
    if (typeof arg === 'string' ? arg.length > SHORT : typeof arg === 'object' && arg !== null) return true;
  }
  return false;
}

/** Run it on the account of the process, for which it computes. */
function measured(process: Process, operation: BoundOperation, caller: CallContext, args: readonly Payload[]): Worked {
  const { scheduler } = process.linked;
  const begun = scheduler.clock.now();
  try {
    return operate(caller, operation, args);
  } finally {
    scheduler.worked(begun);
  }
}

function settle(process: Process, tag: number, command: Command, value: Payload, error: TroupeError | undefined): void {
  if (process.state === ProcessState.Dead || process.extras?.commands?.get(tag) !== command) return;
  process.extras.commands.delete(tag);
  const scheduler = process.linked.scheduler;
  scheduler.answer(process, tag, value, error);
  scheduler.kick();
}

/** What operations know of the process that calls them; one object a process. */
class Caller implements CallContext {
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  get pid(): string {
    return this.#process.pid;
  }

  get id(): string {
    return this.#process.id;
  }

  get host(): string {
    return this.#process.linked.host.id;
  }

  get clock(): Clock {
    return this.#process.linked.scheduler.clock;
  }

  get services(): Services | undefined {
    return this.#process.linked.scheduler.services;
  }

  get values(): { readonly [key: string]: Payload } {
    return this.#process.context;
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#process.linked.scheduler.deployed.entries;
  }

  allows(action: string, resource: string, meta?: Meta, quiet = false): TroupeError | undefined {
    return refuseOperation(this.#process, action, resource, meta, quiet);
  }

  judge(action: string, resource: string, meta?: Meta): Verdict {
    return wouldBe(this.#process, action, resource, meta);
  }

  get rates(): Rates {
    return this.#process.linked.scheduler.rates;
  }

  onClose(release: () => void): () => void {
    if (this.#process.state === ProcessState.Dead) {
      release();
      return () => undefined;
    }
    const rare = this.#process.rare;
    if (rare.releases === undefined) rare.releases = [];
    rare.releases.push(release);
    return () => this.#forget(release);
  }

  /** With nothing left to release the process can go to another thread again. */
  #forget(release: () => void): void {
    const { extras } = this.#process;
    const at = extras?.releases?.indexOf(release) ?? -1;
    if (at < 0) return;
    extras!.releases!.splice(at, 1);
    if (extras!.releases!.length === 0) extras!.releases = undefined;
  }

  post(topic: string, payload: Payload): TroupeError | undefined {
    const { pid, state, linked } = this.#process;
    return state === ProcessState.Dead ? undefined : linked.scheduler.sendAs(pid, pid, topic, payload, 1);
  }

  spawn(request: SpawnRequest): string | TroupeError {
    return this.#process.spawn(request);
  }

  refuseSpawn(request: SpawnRequest): TroupeError | undefined {
    return faultOfSpawn(this.#process, request);
  }

  get hostOfBuiltIn(): string {
    const { linked, inherited } = this.#process;
    const { id, terminal, operations, unreachable, strict } = linked.host;
    const isOpen = operations === undefined && unreachable.size === 0 && (!strict || inherited.identified);
    return terminal && isOpen ? SUPERVISOR_HOST : id;
  }

  reach(action: string, dest: string): string | TroupeError {
    return judgeDest(this.#process, action, dest);
  }
}

// --- forgetting ---------------------------------------------------------------------------------------------------

/** Whether it was outstanding. */
export function abandonCommand(process: Process, tag: number): boolean {
  const { extras } = process;
  if (extras === undefined) return false;
  const ran = process.linked.scheduler.timers.cancel(process, tag);
  const { commands } = extras;
  if (commands === undefined) return ran;
  const command = commands.get(tag);
  if (command === undefined) return ran;
  commands.delete(tag);
  drop(process, tag, command);
  return true;
}

export function isOutstanding(process: Process, tag: number): boolean {
  return process.linked.scheduler.timers.has(process, tag) || process.extras?.commands?.has(tag) === true;
}

/** At the end of a process or of its code: nothing that it started for itself goes on. */
export function dropCommands(process: Process): void {
  process.linked.scheduler.timers.cancelAll(process);
  const extras = process.extras!;
  const { commands } = extras;
  if (commands === undefined) return;
  extras.commands = undefined;
  for (const [tag, command] of commands) drop(process, tag, command);
}

function drop(process: Process, tag: number, command: Command): void {
  stopChild(process.linked.scheduler, process.pid, tag, command, 'the caller is gone');
}
