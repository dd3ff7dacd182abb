/**
 * Up to when everything that this scheduler has sent was delivered: to a mailbox, also where it had to be forwarded or
 * was held.
 *
 * A process must not leave while something that it sent is under way, or what it sends from its next place could come
 * first. Time is counted in epochs: what is sent belongs to the current one, and each look begins another.
 */
import type { Marks } from './departures.ts';
import type { Lane } from './lane.ts';

interface Watched {
  /** Everything of this epoch and before was delivered. */
  delivered: number;
  /**
   * Everything of this epoch and before was read there: delivered as soon as the batches before `given`, for which it may
   * have been forwarded, and those before `taken`, for which it may be held, are closed.
   */
  read: number;
  given: number;
  taken: number;
}

export class Quiet {
  /** The current epoch. */
  epoch = 1;
  readonly #own: number;
  readonly #lanes: (Lane | undefined)[];
  readonly #given: Marks;
  readonly #taken: Marks;
  readonly #watched: Watched[];

  /** `given`, `taken`: which batches each scheduler has closed of those that it gave, and that it took. */
  constructor(own: number, lanes: readonly (Lane | undefined)[], given: Marks, taken: Marks) {
    this.#own = own;
    this.#lanes = [...lanes];
    this.#given = given;
    this.#taken = taken;
    // Not `map`: there is no lane to oneself, and a hole would stay one.
    this.#watched = Array.from(lanes, () => ({ delivered: 0, read: 0, given: 0, taken: 0 }));
  }

  /** The last epoch of which everything was delivered, on all ways; begins the next one. */
  look(): number {
    let quiet = this.epoch;
    for (let scheduler = 0; scheduler < this.#lanes.length; scheduler++) {
      const lane = this.#lanes[scheduler];
      // What stays here may be held here as well.
      if (lane !== undefined || scheduler === this.#own) quiet = Math.min(quiet, this.#lookAt(scheduler, lane));
    }
    this.epoch++;
    return quiet;
  }

  #lookAt(scheduler: number, lane: Lane | undefined): number {
    const watched = this.#watched[scheduler];
    // The order matters: first that it was read, then which batches were open by then.
    if (watched.read === watched.delivered && (lane === undefined || lane.isRead)) {
      watched.read = this.epoch;
      watched.given = this.#given.next(scheduler);
      watched.taken = this.#taken.next(scheduler);
    }
    if (this.#given.hasClosed(scheduler, watched.given) && this.#taken.hasClosed(scheduler, watched.taken)) {
      watched.delivered = watched.read;
    }
    return watched.delivered;
  }

  /** What went over the old lane was delivered or lost; nothing has gone over the new one. */
  replaceLane(scheduler: number, lane: Lane | undefined): void {
    this.#lanes[scheduler] = lane;
    this.#watched[scheduler] = {
      delivered: this.epoch,
      read: this.epoch,
      given: this.#given.next(scheduler),
      taken: this.#taken.next(scheduler),
    };
  }
}
