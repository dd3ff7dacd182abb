/**
 * One wait of one path: for a message, an answer, a channel, or for the first of several. It is settled once, with a
 * value or an error, and then either its generator is resumed with it or its promise is resolved.
 */
import type { Condition } from './condition.ts';
import type { Path } from './path.ts';
import type { Process } from './process.ts';
import type { Source } from './source.ts';

/** One thing that a waiter waits for. A waiter of `select` has several, of which one wins. */
export class Branch {
  readonly waiter: Waiter;
  readonly source: Source;
  /** Which case of the `select`. */
  readonly index: number;
  /** For a send: what is sent. */
  readonly value: unknown;
  constructor(waiter: Waiter, source: Source, index: number, value: unknown) {
    this.waiter = waiter;
    this.source = source;
    this.index = index;
    this.value = value;
  }
}

/** `index` of a waiter that its timeout settled. */
export const TIMED_OUT = -1;

export class Waiter {
  readonly process: Process;
  readonly condition: Condition;
  /** The generator that waits; undefined where a promise does. */
  readonly path: Path | undefined;
  private readonly resolve: ((value: unknown) => void) | undefined;
  private readonly reject: ((error: unknown) => void) | undefined;
  settled = false;
  value: unknown = undefined;
  error: unknown = undefined;
  /** The case that won. */
  index = 0;
  /** False: the channel was closed and empty. */
  ok = true;
  /** Set instead of a result where a spent slice, not a wait, stopped the path: it tries again. */
  again = false;
  /** Tag of the timeout; 0: none. */
  timer = 0;
  private branches: Branch[] | undefined = undefined;

  constructor(
    process: Process,
    condition: Condition,
    path: Path | undefined,
    resolve?: (value: unknown) => void,
    reject?: (error: unknown) => void,
  ) {
    this.process = process;
    this.condition = condition;
    this.path = path;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Wait for `source` as well. */
  receiveFrom(source: Source, index: number): void {
    const branch = new Branch(this, source, index, undefined);
    (this.branches ??= []).push(branch);
    source.addReceiver(branch);
  }

  sendTo(source: Source, index: number, value: unknown): void {
    const branch = new Branch(this, source, index, value);
    (this.branches ??= []).push(branch);
    source.addSender(branch);
  }

  /** Wait no longer than `milliseconds` (above 0). */
  within(milliseconds: number): void {
    this.timer = this.process.waits().startTimer(milliseconds, this);
  }

  /** The timeout has come. */
  answered(): void {
    this.timer = 0;
    this.settle(TIMED_OUT, undefined, false);
  }

  settle(index: number, value: unknown, ok: boolean): void {
    if (this.settled) return;
    this.accept(index, value, ok);
    this.wake();
  }

  /** Have the result, without going on yet. */
  accept(index: number, value: unknown, ok: boolean): void {
    this.index = index;
    this.value = value;
    this.ok = ok;
    this.leave();
  }

  /** For a promise: it could finish without waiting, with this as its result. */
  finished(result: unknown): void {
    this.settled = true;
    this.resolve?.(result);
  }

  fail(error: unknown): void {
    if (this.settled) return;
    this.error = error;
    this.ok = false;
    this.leave();
    this.wake();
  }

  /** Leave every queue. */
  private leave(): void {
    this.settled = true;
    if (this.timer !== 0) {
      this.process.waits().abandon(this.timer);
      this.timer = 0;
    }
    const branches = this.branches;
    if (branches !== undefined) {
      for (let i = 0; i < branches.length; i++) branches[i].source.remove(branches[i]);
      this.branches = undefined;
    }
  }

  /** Let the path go on. */
  wake(): void {
    if (this.path !== undefined) {
      this.process.resumeLater(this);
      return;
    }
    let result: unknown;
    try {
      result = this.condition.finish(this);
    } catch (error) {
      this.reject?.(error);
      return;
    }
    this.resolve?.(result);
  }
}
