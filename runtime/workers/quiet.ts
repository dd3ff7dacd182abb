/**
 * Up to when everything that this scheduler has sent was delivered: to a mailbox, also where it had to be forwarded.
 *
 * A process must not leave while something that it sent is under way, or what it sends from its next place could come
 * first. Time is counted in epochs: what is sent belongs to the current one, and each look begins another.
 */
import type { Marks } from './departures.ts';
import type { Lane } from './lane.ts';

interface Watched {
  /** Everything of this epoch and before was delivered. */
  delivered: number;
  /** Everything of this epoch and before was read there; delivered as soon as batch `batch` and those before are closed. */
  read: number;
  batch: number;
}

export class Quiet {
  /** The current epoch. */
  epoch = 1;
  readonly #lanes: (Lane | undefined)[];
  readonly #marks: Marks;
  readonly #watched: Watched[];

  constructor(lanes: readonly (Lane | undefined)[], marks: Marks) {
    this.#lanes = [...lanes];
    this.#marks = marks;
    this.#watched = lanes.map(() => ({ delivered: 0, read: 0, batch: 0 }));
  }

  /** The last epoch of which everything was delivered, on all ways; begins the next one. */
  look(): number {
    let quiet = this.epoch;
    for (let scheduler = 0; scheduler < this.#lanes.length; scheduler++) {
      const lane = this.#lanes[scheduler];
      if (lane !== undefined) quiet = Math.min(quiet, this.#lookAt(scheduler, lane));
    }
    this.epoch++;
    return quiet;
  }

  #lookAt(scheduler: number, lane: Lane): number {
    const watched = this.#watched[scheduler];
    // The order matters: first that it was read, then which batches were open by then.
    if (watched.read === watched.delivered && lane.isRead) {
      watched.read = this.epoch;
      watched.batch = this.#marks.next(scheduler);
    }
    if (this.#marks.hasClosed(scheduler, watched.batch)) watched.delivered = watched.read;
    return watched.delivered;
  }

  /** What went over the old lane was delivered or lost; nothing has gone over the new one. */
  replaceLane(scheduler: number, lane: Lane | undefined): void {
    this.#lanes[scheduler] = lane;
    this.#watched[scheduler] = { delivered: this.epoch, read: this.epoch, batch: this.#marks.next(scheduler) };
  }
}
