/** The form in which a module runs: made suspendable, and stoppable as its host wants it. */
import { canBlock } from './abi/calls.ts';
import { describeModule } from './binary/inspect.ts';
import { Unsupported } from './binary/unsupported.ts';
import type { Preemption } from './suspend/preemption.ts';
import type { FrameTable } from './suspend/saved_stack.ts';
import { suspendTransform } from './suspend/transform.ts';

/** Room for the saved stack of a suspended guest: a recursion of some thousand calls. */
export const AREA_PAGES = 2;

export interface Form {
  /** What it was made for; `none` where the module cannot be stopped. */
  readonly preempt: Preemption;
  readonly suspendable: boolean;
  /** Its mutable globals; undefined where more than these and the memory can change, so that no instance is used twice. */
  readonly state: readonly number[] | undefined;
  readonly frames: FrameTable;
  /** `origins` of the transform's result. */
  readonly origins: Int32Array;
}

const NOTHING = new Int32Array(0);

/**
 * The module with its blocking calls suspendable and its loops counted. A module that waits nowhere and uses what the
 * transform does not know runs as it is.
 *
 * @throws Unsupported (INVALID) where it waits and cannot be made suspendable
 */
export function runnableForm(
  bytes: Uint8Array,
  preempt: Preemption,
): { readonly form: Form; readonly bytes: Uint8Array } {
  try {
    const made = suspendTransform(bytes, {
      blocking: canBlock,
      preempt,
      builtInPages: AREA_PAGES,
    });
    // Each warning names something that changes besides memory and globals.
    const state = made.warnings.length === 0 ? made.globals : undefined;
    const { suspendable, frames, origins } = made;
    return { form: { preempt, suspendable, state, frames, origins }, bytes: made.bytes };
  } catch (thrown) {
    const waits = describeModule(bytes).imports.some(one => canBlock(one.module, one.name));
    if (!(thrown instanceof Unsupported) || waits) throw thrown;
    return {
      form: { preempt: 'none', suspendable: false, state: undefined, frames: NOTHING, origins: NOTHING },
      bytes,
    };
  }
}
