/**
 * Giving processes away to a scheduler that has nothing to do (design section 3): up to half of what is runnable, chosen
 * by time and not by count, because moving a process costs more than most steps.
 *
 * A process that has not begun is worth moving where its entry's steps are long. One that has begun must be packed and
 * unpacked, so its steps must be longer still; one that was interrupted is worth it in any case. Where a scheduler has had
 * more to do than it could for a while, and another one nothing, that is worth something by itself, and what is runnable is
 * spread whatever its steps take.
 */
import { mayGo, pack } from './movable.ts';
import type { Outbound } from './outbound.ts';
import { type Process, ProcessState } from './process.ts';
import type { Queue } from './queue.ts';
import type { Scheduler } from './scheduler.ts';

/** Microseconds that a step must take, on average, for a process to be moved that has not begun, or has begun. */
const WORTH_FRESH = 15;
const WORTH_BEGUN = 100;
/** Milliseconds of having more to do than possible after which processes with short steps are spread as well. */
const OVERLOADED = 10;
/** Processes in one batch, and of those that have begun; a batch should not keep others from running for long. */
const MOST = 256;
const MOST_BEGUN = 64;
/** Milliseconds until it is tried again where nothing was worth giving. */
const PAUSE = 1;
export class Sharing {
  readonly #scheduler: Scheduler;
  readonly #outbound: Outbound;
  readonly #fresh: Queue<Process>;
  readonly #woken: Queue<Process>;
  readonly #preempted: Queue<Process>;
  /** Milliseconds of the clock since when there has always been more than one process to run. */
  #busySince = Number.POSITIVE_INFINITY;
  /** After there was nothing to give. */
  #notBefore = 0;
  /** The last epoch of which everything was delivered that was sent to other schedulers. */
  #quiet = 0;

  constructor(
    scheduler: Scheduler,
    outbound: Outbound,
    fresh: Queue<Process>,
    woken: Queue<Process>,
    preempted: Queue<Process>,
  ) {
    this.#fresh = fresh;
    this.#scheduler = scheduler;
    this.#outbound = outbound;
    this.#woken = woken;
    this.#preempted = preempted;
  }

  /** Between steps: if somebody wants work and there is too much here, give it. */
  look(now: number): void {
    if (this.#scheduler.runnable < 2) {
      this.#busySince = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#busySince > now) this.#busySince = now;
    if (now < this.#notBefore) return;
    const taker = this.#outbound.hungry();
    if (taker >= 0 && this.#outbound.claim(taker)) this.#giveTo(taker, now - this.#busySince > OVERLOADED);
  }

  #giveTo(taker: number, overloaded: boolean): void {
    this.#quiet = this.#outbound.quietEpoch();
    const wanted = Math.min(MOST, this.#scheduler.runnable >> 1);
    const given: Process[] = [];
    const worth = overloaded ? 0 : WORTH_FRESH;
    this.#choose(
      this.#fresh,
      given,
      wanted,
      process => process.linked.stepTime >= worth && this.#mayGo(process, taker),
    );
    const most = Math.min(wanted, given.length + MOST_BEGUN);
    if (given.length < most) {
      this.#choose(this.#preempted, given, most, process => this.#hasBegun(process, taker, 0));
    }
    if (given.length < most) {
      this.#choose(this.#woken, given, most, process => this.#hasBegun(process, taker, overloaded ? 0 : WORTH_BEGUN));
    }
    if (given.length === 0) {
      this.#outbound.unclaim(taker);
      this.#notBefore = this.#scheduler.clock.now() + PAUSE;
      return;
    }
    for (const kept of this.#outbound.give(given, taker)) this.#scheduler.enqueue(kept);
    if (overloaded) this.#busySince = Number.POSITIVE_INFINITY;
  }

  /**
   * Move what `fits` from a queue into `given`; the rest keeps its order. Those that would run last: of a queue the youngest
   * ones, of `#fresh` the oldest, which are what the largest parts of a tree begin with.
   */
  #choose(queue: Queue<Process>, given: Process[], wanted: number, fits: (process: Process) => boolean): void {
    const oldest = queue === this.#fresh;
    const kept: Process[] = [];
    for (let left = queue.size; left > 0 && given.length < wanted && kept.length < 2 * MOST; left--) {
      const process = (oldest ? queue.shift() : queue.pop())!;
      if (process.state !== ProcessState.Queued) continue;
      if (fits(process)) given.push(process);
      else kept.push(process);
    }
    for (let process = kept.pop(); process !== undefined; process = kept.pop()) {
      if (oldest) queue.unshift(process);
      else queue.push(process);
    }
  }

  #mayGo(process: Process, taker: number): boolean {
    return mayGo(process, taker, this.#outbound, this.#quiet);
  }

  /** Whether it is worth moving and could be packed: then its machine is an image. */
  #hasBegun(process: Process, taker: number, worth: number): boolean {
    const { machine } = process;
    if (machine === undefined ? process.extras?.image === undefined : machine.suspend === undefined) return false;
    return process.linked.stepTime >= worth && this.#mayGo(process, taker) && pack(process);
  }
}
