/** What is done about one thread that does not come back: found out where it is, and cut off there if that is allowed. */
import { culpritOf, type Frame, judge, showFramePlace } from './frames.ts';
import { Inspection } from './inspection.ts';

export interface StuckStepHooks {
  /** Whether the thread has moved on in the meantime: then nothing is done to it. */
  moved(): boolean;
  /** The step is about to be cut off: the last moment to say why. */
  aborting(frames: readonly Frame[]): void;
  /** Nothing that can be done to this turn leaves the thread whole. `culprit`: where it is. */
  hopeless(culprit: string): void;
}

/** Functions that are left one by one before the thread runs on and is stopped anew, somewhere else by chance. */
const MOST_OUT = 64;
const UNKNOWN = 'code that nothing can interrupt, such as a native function that does not return';

export class StuckStep {
  readonly #hooks: StuckStepHooks;
  readonly #inspection: Inspection | undefined;
  #paused = false;
  #out = 0;
  #culprit = UNKNOWN;

  /** `threadId`: as node:worker_threads has it. */
  constructor(threadId: number, hooks: StuckStepHooks) {
    this.#hooks = hooks;
    let inspection: Inspection | undefined;
    try {
      inspection = new Inspection(threadId, frames => this.#stopped(frames));
    } catch {
      // A Node without inspector: the thread can only be given up.
    }
    this.#inspection = inspection;
  }

  /** Where it is, as far as it is known. */
  get culprit(): string {
    return this.#culprit;
  }

  /** Stop the thread and look at it; again if the last time came to nothing. */
  look(): void {
    if (!this.#paused) this.#inspection?.pause();
  }

  /** Let go of the thread. */
  close(): void {
    this.#inspection?.close();
  }

  #stopped(frames: readonly Frame[]): void {
    if (this.#hooks.moved()) {
      this.close();
      return;
    }
    const culprit = culpritOf(frames);
    if (culprit !== undefined) this.#culprit = `${showFramePlace(culprit)}${culprit.name && ` (${culprit.name})`}`;
    this.#paused = true;
    switch (judge(frames)) {
      case 'abort':
        this.#abort(frames);
        return;
      case 'out':
        // A function that does not return does not pause again: the next look stops it wherever it is then.
        this.#paused = false;
        if (this.#out++ < MOST_OUT) this.#inspection!.stepOut();
        else this.#goOn();
        return;
      case 'wait':
        this.#goOn();
        return;
      case 'never':
        this.#giveUp();
        return;
    }
  }

  #abort(frames: readonly Frame[]): void {
    this.#inspection!.prepareAbort(may => {
      if (!may) {
        this.#giveUp();
        return;
      }
      this.#hooks.aborting(frames);
      this.#inspection!.abort();
    });
  }

  #goOn(): void {
    this.#paused = false;
    this.#out = 0;
    this.#inspection!.resume();
  }

  #giveUp(): void {
    this.#inspection!.close(() => this.#hooks.hopeless(this.#culprit));
  }
}
