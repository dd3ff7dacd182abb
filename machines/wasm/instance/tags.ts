import { TroupeError } from '../../../runtime/errors.ts';
import { Answer } from '../../../runtime/machine.ts';

/** Highest tag a guest may give. Kernel tags are twice that and stay small integers. */
export const MAX_TAG = 2 ** 29 - 1;

/** Commands of one guest that can be outstanding: each takes memory outside of the guest's own. */
const MOST_OPEN = 100_000;

/**
 * Tags of outstanding commands. To the kernel, the guest's own tags are the even numbers and those of calls that suspend
 * are the odd ones, so that neither can be taken for the other.
 */
export class Tags {
  #open: Set<number> | undefined;
  #last = 0;

  /** A tag for a call that suspends. */
  own(): number {
    this.#last = (this.#last + 1) & MAX_TAG;
    return (this.#last << 1) | 1;
  }

  /** The kernel's tag for one that the guest gave. */
  open(tag: number): number | TroupeError {
    if (tag < 0 || tag > MAX_TAG) {
      return new TroupeError(`the tag must lie between 0 and ${MAX_TAG}, got ${tag}`, { kind: 'INVALID' });
    }
    if (this.#open === undefined) this.#open = new Set();
    if (this.#open.has(tag)) {
      return new TroupeError(`the tag ${tag} belongs to a command that is still outstanding; use another one`, {
        kind: 'ALREADY_EXISTS',
      });
    }
    if (this.#open.size >= MOST_OPEN) {
      return new TroupeError(`${MOST_OPEN} commands are outstanding, as many as there may be; wait for some answers`, {
        kind: 'RATE_LIMITED',
      });
    }
    this.#open.add(tag);
    return tag << 1;
  }

  /** Forget a guest's tag: the kernel's, or undefined where it is not open. */
  close(tag: number): number | undefined {
    return this.#open?.delete(tag) ? tag << 1 : undefined;
  }

  /** Whether the guest has commands outstanding. */
  get anyOpen(): boolean {
    return this.#open !== undefined && this.#open.size > 0;
  }

  record(): TagsRecord {
    return { open: [...(this.#open ?? [])], last: this.#last };
  }

  restore({ open, last }: TagsRecord): void {
    this.#open = open.length === 0 ? undefined : new Set(open);
    this.#last = last;
  }

  /** The answer as the guest knows it; undefined if it is for a call that suspended, or was given up. */
  answered(answer: Answer): Answer | undefined {
    if ((answer.tag & 1) === 1) return undefined;
    const tag = answer.tag >> 1;
    return this.#open?.delete(tag) ? new Answer(tag, answer.value, answer.error) : undefined;
  }
}

/** The tags of a moved guest: its commands stay with the kernel. */
export interface TagsRecord {
  readonly open: readonly number[];
  readonly last: number;
}
