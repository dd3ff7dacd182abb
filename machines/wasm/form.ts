/** The form in which a module runs: made suspendable, and stoppable as its host wants it. */
import { canBlock } from './abi/calls.ts';
import { decoded } from './binary/decode.ts';
import type { Module } from './binary/module.ts';
import { Unsupported } from './binary/unsupported.ts';
import type { Preemption } from './suspend/preemption.ts';
import type { FrameTable } from './suspend/saved_stack.ts';
import { suspendTransform } from './suspend/transform.ts';

/** Room for the saved stack of a suspended guest: a recursion of some thousand calls. A longer one takes more pages. */
export const AREA_PAGES = 1;

export interface Form {
  /** What it was made for; `none` where the module cannot be stopped. */
  readonly preempt: Preemption;
  /** Why nothing can stop it, where the module is to blame. */
  readonly unstoppable: string | undefined;
  readonly suspendable: boolean;
  /**
   * Bytes of its mutable globals; undefined where more than these and the memory can change, so that no instance is used
   * twice.
   */
  readonly globalBytes: number | undefined;
  readonly frames: FrameTable;
  /** `origins` of the transform's result. */
  readonly origins: Int32Array;
}

const ALLOCATORS: ReadonlySet<string> = new Set([
  'troupe_alloc',
  'cabi_realloc',
  '__new',
  '__pin',
  '__unpin',
  '__collect',
]);

const NOTHING = new Int32Array(0);

/** A module as it runs. */
export interface Runnable {
  readonly form: Form;
  readonly bytes: Uint8Array;
}

/**
 * Of everything that decides what `runnableForm` makes: the transform, its options, `Form`. Raise it with every change of
 * these, so that no runtime takes from a cache what another version has made; a test remembers what each version makes.
 */
export const FORM_VERSION = 5;

/**
 * The module with its blocking calls suspendable and its loops counted. A module that waits nowhere and uses what the
 * transform does not know runs as it is.
 *
 * @throws Unsupported (INVALID) where it waits and cannot be made suspendable
 */
export function runnableForm(source: Uint8Array | Module, preempt: Preemption): Runnable {
  const module = decoded(source);
  try {
    const made = suspendTransform(module, {
      blocking: canBlock,
      preempt,
      builtInPages: AREA_PAGES,
      withinOnly: isAllocator,
    });
    // Each warning names something that changes besides memory and globals.
    const globalBytes = made.warnings.length === 0 ? made.globalBytes : undefined;
    const { suspendable, frames, origins } = made;
    return { form: { preempt, unstoppable: undefined, suspendable, globalBytes, frames, origins }, bytes: made.bytes };
  } catch (thrown) {
    const waits = module.imports.some(one => canBlock(one.module, one.name));
    if (!(thrown instanceof Unsupported) || waits) throw thrown;
    return {
      form: {
        preempt: 'none',
        unstoppable: thrown.reason,
        suspendable: false,
        globalBytes: undefined,
        frames: NOTHING,
        origins: NOTHING,
      },
      bytes: module.bytes,
    };
  }
}

/** Exports that only the host calls, within other calls. */
function isAllocator(name: string): boolean {
  return ALLOCATORS.has(name) || name.startsWith('cabi_post_');
}
