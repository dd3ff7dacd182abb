/**
 * Going back to the code that was there before, where the present one fails at once (`fallback: previous`): what a service or
 * a child of a supervisor remembers of the revisions that it ran. A revision is a number (`Deployed.revisionOf`); time comes
 * from outside, in milliseconds.
 */
import { isFailedUpgrade } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';

export const FALLBACKS = ['none', 'previous'] as const;
export type FallbackTo = (typeof FALLBACKS)[number];

/** What is known of an entry when it is started: its present revision, and the one before if it can still be run. */
export interface Revisions {
  readonly present: number | undefined;
  readonly previous: number | undefined;
}

export class Fallback {
  /** Present when it failed at once: not to be started again. */
  #avoided: number | undefined = undefined;
  /** The last one that has proved itself. */
  #sound: number | undefined = undefined;
  #running: number | undefined = undefined;
  #since = 0;

  /** The revision to start; undefined: the present one. */
  next({ present, previous }: Revisions): number | undefined {
    return present === undefined || present !== this.#avoided ? undefined : (this.#sound ?? previous);
  }

  started(revision: number | undefined, now: number): void {
    this.#running = revision;
    this.#since = now;
  }

  /**
   * It has failed. Whether another revision than the one that failed is started next. `stable`: who has run for so long counts
   * as sound.
   */
  failed(error: TroupeError, now: number, revisions: Revisions, stable: number): boolean {
    const { present } = revisions;
    if (isFailedUpgrade(error) && this.#running !== present) {
      this.#sound = this.#running;
      this.#avoided = present;
    } else if (now - this.#since >= stable) this.#sound = this.#running;
    else if (this.#running === present) this.#avoided = present;
    const next = this.next(revisions);
    return next !== undefined && next !== this.#running;
  }
}
