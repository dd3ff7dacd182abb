/**
 * Looks after worker threads whose step does not return. Programs in Lua and WebAssembly are interrupted by themselves;
 * a TypeScript program holds its thread until it waits. The watchdog runs on the main thread and costs the workers
 * nothing: it reads a word of shared memory that their loop changes anyway.
 *
 * A worker is stuck while its word stays the same and its event loop does not rest either. After `limit` milliseconds
 * its step is cut off where it stands, if that leaves the thread whole (`frames.ts`): the process ends with an error,
 * the thread goes on. What cannot be cut off within another `limit`, 5 s at least, is given up: `onStuck`.
 *
 * Not looked after: the main thread, for nobody is left to look.
 */
import type { MessagePort, Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import { formatDuration } from '../duration.ts';
import type { LogSink } from '../logger.ts';
import type { AbortNotice } from './aborted_step.ts';
import { STRIDE } from './attention.ts';
import { debuggerMayBeAttached } from './inspection.ts';
import { StuckStep } from './stuck_step.ts';

/** Looks in the time of `limit`. */
const LOOKS = 4;
/** Milliseconds that cutting off may take at least: attaching is slow where all cores are taken. */
const LEAST_PATIENCE = 5_000;

export interface WatchdogOptions {
  /** Milliseconds that a step may take, more than 0. */
  readonly limit: number;
  /** Int32 a scheduler, `STRIDE` apart, which it changes with each step. */
  readonly beats: SharedArrayBuffer;
  /** Real time, for that is the time in which other threads run. */
  readonly clock: Clock;
  readonly log: LogSink;
  /** A thread that cannot be brought back: end it. Said once a thread; nothing is attached to it any more. */
  readonly onStuck: (worker: number, culprit: string) => void;
}

class Watched {
  readonly worker: Worker;
  readonly notices: MessagePort;
  beat: number;
  idle: number;
  /** Since when it has not moved, by the clock. */
  since: number;
  /** How long it has not moved, in looks: a program that is stopped as a whole is not stuck when it goes on. */
  looks = 0;
  step: StuckStep | undefined = undefined;
  toldOfDebugger = false;

  constructor(worker: Worker, notices: MessagePort, beat: number, now: number) {
    this.worker = worker;
    this.notices = notices;
    this.beat = beat;
    this.idle = idleOf(worker);
    this.since = now;
  }
}

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #beats: Int32Array;
  /** Looks before a thread is given up. */
  readonly #patience: number;
  readonly #watched = new Map<number, Watched>();
  #armed: unknown = undefined;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#beats = new Int32Array(options.beats);
    this.#patience = LOOKS + Math.ceil((LOOKS * Math.max(options.limit, LEAST_PATIENCE)) / options.limit);
  }

  /** Look after the scheduler `index` on `worker`. `notices`: the other end is for `onAbortedStep` on it. */
  watch(index: number, worker: Worker, notices: MessagePort): void {
    this.forget(index);
    const beat = Atomics.load(this.#beats, index * STRIDE);
    this.#watched.set(index, new Watched(worker, notices, beat, this.#options.clock.now()));
    if (this.#armed === undefined) this.#arm();
  }

  /** Look after it no more; a hold on it is let go. */
  forget(index: number): void {
    const watched = this.#watched.get(index);
    this.#watched.delete(index);
    watched?.step?.close();
    if (this.#watched.size === 0) this.stop();
  }

  /** Look after nobody any more. */
  stop(): void {
    for (const { step } of this.#watched.values()) step?.close();
    this.#watched.clear();
    if (this.#armed !== undefined) this.#options.clock.disarm(this.#armed);
    this.#armed = undefined;
  }

  #arm(): void {
    this.#armed = this.#options.clock.arm(this.#options.limit / LOOKS, () => {
      this.#armed = undefined;
      for (const [index, watched] of this.#watched) this.#look(index, watched);
      if (this.#watched.size > 0) this.#arm();
    });
  }

  #look(index: number, watched: Watched): void {
    const beat = Atomics.load(this.#beats, index * STRIDE);
    const idle = idleOf(watched.worker);
    if (beat !== watched.beat || idle > watched.idle) {
      watched.beat = beat;
      watched.idle = idle;
      watched.since = this.#options.clock.now();
      watched.looks = 0;
      watched.toldOfDebugger = false;
      watched.step?.close();
      watched.step = undefined;
      return;
    }
    watched.looks++;
    if (watched.looks < LOOKS) return;
    if (debuggerMayBeAttached()) {
      this.#leaveToDebugger(index, watched);
    } else if (watched.looks >= this.#patience) {
      this.#giveUp(index, watched.step?.culprit ?? 'code that was under a debugger until now');
    } else {
      watched.step ??= this.#suspect(index, watched);
      watched.step.look();
    }
  }

  #suspect(index: number, watched: Watched): StuckStep {
    const { limit, clock } = this.#options;
    return new StuckStep(watched.worker.threadId, {
      moved: () => Atomics.load(this.#beats, index * STRIDE) !== watched.beat,
      aborting: frames => {
        const milliseconds = clock.now() - watched.since;
        watched.notices.postMessage({ milliseconds, limit, frames } satisfies AbortNotice);
      },
      hopeless: culprit => this.#giveUp(index, culprit),
    });
  }

  /** A breakpoint looks like a program that hangs, and whoever looks at one does not want it ended. */
  #leaveToDebugger(index: number, watched: Watched): void {
    watched.looks = LOOKS - 1;
    if (watched.toldOfDebugger) return;
    watched.toldOfDebugger = true;
    this.#options.log.log(
      'warn',
      `worker ${index} has not come back for ${formatDuration(this.#options.limit)}; it is left alone, because a debugger may be attached (--inspect)`,
    );
  }

  #giveUp(index: number, culprit: string): void {
    this.forget(index);
    this.#options.onStuck(index, culprit);
  }
}

/** Milliseconds that the thread's event loop has waited so far: they grow while it rests, and only then. */
function idleOf(worker: Worker): number {
  return worker.performance.eventLoopUtilization().idle;
}
