import type { Payload } from '../../../runtime/machine.ts';
import type { TroupeError } from '../../../runtime/errors.ts';

/** Thrown by the calls that do not return (`exit`, `fail`, `upgrade`), through the guest's frames, to its step. */
export type Ending =
  | { readonly how: 'exit'; readonly value: Payload }
  | { readonly how: 'fail'; readonly error: TroupeError }
  | { readonly how: 'upgrade'; readonly id: string | null; readonly args: readonly Payload[] | TroupeError };

/** A carrier without a stack: nobody reads one, and making it costs microseconds. */
export class Unwinding {
  readonly ending: Ending;
  constructor(ending: Ending) {
    this.ending = ending;
  }
}
