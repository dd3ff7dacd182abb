/**
 * What the main thread does when a worker's thread has ended by itself: it was out of memory, or was ended because a step
 * in it never returned. Everything that lived there ends with an error that says so, everybody concerned is told, and a
 * new thread takes its place. See `recovery.ts` for the part of the others.
 */
import { workerLost } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import { formatPid } from '../pid.ts';
import type { Counters } from '../scheduler/counters.ts';
import { STRIDE } from './attention.ts';
import { Marks } from './departures.ts';
import { Hunger } from './hunger.ts';
import type { Member } from './member.ts';
import type { Post } from './post.ts';
import type { SharedNames } from './shared_names.ts';
import { Directory, Load, SharedGenerations, type SharedMemory } from './shared_state.ts';

export interface LossesOptions {
  readonly memory: SharedMemory;
  readonly names: SharedNames;
  readonly counters: Counters;
  /** Of the main thread. */
  readonly post: Post;
  /** Prefixes of the PIDs of each host. */
  readonly prefixes: readonly string[];
  /** Those that are alive now, each with its scheduler. */
  members(): readonly Member[];
  /** Start another thread in the place of one that was lost; the others know of it when this returns. */
  replace(scheduler: number): void;
}

export interface Loss {
  readonly worker: number;
  readonly error: TroupeError;
  /** How many processes ended with it. */
  readonly processes: number;
  /** Where in the runtime it broke, if it did. */
  readonly stack: string | undefined;
}

export class Losses {
  readonly #options: LossesOptions;
  readonly #directory: Directory;
  readonly #load: Load;
  readonly #hunger: Hunger;
  readonly #given: Marks;
  readonly #taken: Marks;
  /** One after the other: while one is dealt with, the next one waits, but nobody waits for the dead. */
  #last: Promise<unknown> = Promise.resolve();
  /** How many are not dealt with yet. */
  #pending = 0;
  /** Places of those that are. A thread that started in between would know of the other losses only in part. */
  #vacant: number[] = [];

  constructor(options: LossesOptions) {
    const { memory } = options;
    this.#options = options;
    this.#directory = new Directory(memory);
    this.#load = new Load(memory);
    this.#hunger = new Hunger(memory.hunger, 0);
    this.#given = new Marks(memory.departures);
    this.#taken = new Marks(memory.arrivals);
  }

  /** The thread of `worker` has ended. Answers when everybody was told; with the last one the new threads are started. */
  lost(worker: number, cause: string, stack?: string): Promise<Loss> {
    const { memory, names } = this.#options;
    const error = workerLost(worker, cause, this.running(worker));
    new Int32Array(memory.beats).fill(0, worker * STRIDE, worker * STRIDE + 2);
    // Others may be waiting for it.
    names.breakLock(worker);
    this.#hunger.forget(worker);
    this.#given.closeAll(worker);
    this.#taken.closeAll(worker);
    this.#pending++;
    const severed = Promise.all(this.#options.members().map(member => member.sever(worker)));
    const dealt = this.#last.then(async () => {
      const processes = await this.#settle(worker, error, (await severed).flat());
      return { worker, error, processes, stack };
    });
    this.#last = dealt.catch(() => undefined);
    return dealt;
  }

  async #settle(worker: number, error: TroupeError, nobodys: readonly number[]): Promise<number> {
    const { memory, names, members } = this.#options;
    const processes = this.#bury([...this.#directory.livingOn(worker), ...nobodys]);
    names.sweep(pid => this.#options.post.whereIs(pid) === undefined);
    this.#load.clear(worker);
    new Int32Array(memory.attention)[worker * STRIDE] = 0;
    SharedGenerations.succeed(memory, worker);
    await Promise.all(members().map(member => member.settle(error)));
    this.#vacant.push(worker);
    if (--this.#pending === 0) for (const vacant of this.#vacant.splice(0)) this.#options.replace(vacant);
    return processes;
  }

  /** From now on they are dead for everybody. */
  #bury(numbers: readonly number[]): number {
    const { counters, post } = this.#options;
    for (const number of numbers) {
      counters.leave(this.#directory.hostOf(number));
      this.#directory.retire(number);
      post.free(number);
    }
    return numbers.length;
  }

  /** PID of the process that a scheduler is stepping, or was when its thread ended. */
  running(worker: number): string | undefined {
    const { memory, prefixes } = this.#options;
    const beats = new Int32Array(memory.beats);
    const slot = beats[worker * STRIDE + 1];
    // While it rests it steps nobody.
    if (slot === 0) return undefined;
    const generation = new Int32Array(memory.alive)[slot] - 1;
    if (generation < 0) return undefined;
    return formatPid(prefixes[this.#directory.hostOf(slot)], slot, generation);
  }
}
