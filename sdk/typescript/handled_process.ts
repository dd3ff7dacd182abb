/**
 * The host's half of a process that is handlers, without the part that drives it: what it has begun and what has come of
 * it, each under a name, because a name can go elsewhere and a function cannot.
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { Running } from './command.ts';
import { redirect } from './command.ts';
import { raise } from './guest_error.ts';
import type { HandlerTable } from './handlers.ts';
import { Process } from './process.ts';
import type { Expecting } from './waits.ts';

/** A command whose answer is handled by `answers`. */
export class NamedAnswer implements Expecting {
  readonly process: HandledProcess;
  readonly name: string;
  readonly note: unknown;
  value: unknown = undefined;
  error: TroupeError | undefined = undefined;
  /** Nobody wants it any more. */
  forgotten = false;

  constructor(process: HandledProcess, name: string, note: unknown) {
    this.process = process;
    this.name = name;
    this.note = note;
  }

  answered(value: unknown, error: TroupeError | undefined): void {
    this.value = value;
    this.error = error;
    this.process.hasArrived(this);
  }
}

/** A timer whose end is handled by `timers`. */
export class NamedTimer implements Expecting {
  readonly process: HandledProcess;
  readonly name: string;
  readonly note: unknown;
  tag = 0;
  /** Stopped or set anew. */
  forgotten = false;

  constructor(process: HandledProcess, name: string, note: unknown) {
    this.process = process;
    this.name = name;
    this.note = note;
  }

  answered(): void {
    this.process.hasArrived(this);
  }
}

export type Arrival = NamedAnswer | NamedTimer;

export abstract class HandledProcess extends Process {
  /** Set by the first step, or by an image. */
  table: HandlerTable | undefined = undefined;
  /** Answers and timers that no handler has seen yet, oldest first. */
  arrived: Arrival[] = NONE;
  /** Those that run or whose end nobody has handled. */
  timers: Map<string, NamedTimer> | undefined = undefined;

  hasArrived(arrival: Arrival): void {
    if (this.arrived === NONE) this.arrived = [];
    this.arrived.push(arrival);
  }

  /** The answer of a command that has begun goes to the handler of this name. */
  expect(name: string, command: Running<unknown>, note: unknown): void {
    if (!this.table!.answers.has(name)) raise(noHandler('answers', name));
    redirect(command, this, new NamedAnswer(this, name, note));
  }

  /** No answer under this name is handled any more. */
  forget(name: string): void {
    for (const arrival of this.arrived) {
      if (arrival instanceof NamedAnswer && arrival.name === name) arrival.forgotten = true;
    }
    const waits = this.more;
    if (waits === undefined) return;
    for (const [tag, target] of waits.outstanding) {
      if (target instanceof NamedAnswer && target.name === name) waits.abandon(tag);
    }
  }

  /** Set the timer of this name, anew where it runs. */
  startTimer(name: string, milliseconds: number, note: unknown): void {
    if (!this.table!.timers.has(name)) raise(noHandler('timers', name));
    this.stopTimer(name);
    const timer = new NamedTimer(this, name, note);
    timer.tag = this.waits().startTimer(milliseconds, timer);
    (this.timers ??= new Map()).set(name, timer);
  }

  /** A timer of an image: the kernel's is still running under this tag. */
  protected restoreTimer(tag: number, name: string, note: unknown): void {
    const timer = new NamedTimer(this, name, note);
    timer.tag = tag;
    this.waits().redirect(tag, timer);
    (this.timers ??= new Map()).set(name, timer);
  }

  /** The end of a restored timer has come already. */
  protected restoreFired(name: string): void {
    const timer = this.timers!.get(name)!;
    this.waits().abandon(timer.tag);
    this.hasArrived(timer);
  }

  /** Whether it was set and its end not handled yet. */
  stopTimer(name: string): boolean {
    const timer = this.timers?.get(name);
    if (timer === undefined) return false;
    timer.forgotten = true;
    this.timers!.delete(name);
    this.waits().abandon(timer.tag);
    return true;
  }

  override fork(): void {
    raise(noWaiting());
  }

  override await(): void {
    raise(noWaiting());
  }
}

/** Shared by all processes for which nothing has arrived; never pushed to. */
const NONE: Arrival[] = [];
Object.freeze(NONE);

function noWaiting(): TroupeError {
  return new TroupeError(
    'a process of handlers does not wait: begin a command with `self.expect(name, command)` and handle its answer in `answers`, or set `self.timer(name, duration)`',
    { kind: 'INVALID', retryable: false },
  );
}

function noHandler(group: string, name: string): TroupeError {
  return new TroupeError(`nothing would handle it: \`${group}\` has no function named ${JSON.stringify(name)}`, {
    kind: 'INVALID',
    retryable: false,
  });
}
