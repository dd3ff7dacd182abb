/**
 * Makes of wasmoon's Lua binary the one that Troupe runs: yields that return, preemption by fuel, budgets for C code,
 * and slots of memory. README.md in this folder tells the whole story.
 */
import { type Anchors, findAnchors } from './anchors.ts';
import { editBudgets } from './edits/budgets.ts';
import { linkModule } from './edits/link.ts';
import { editNestedCoroutines } from './edits/nested_coroutines.ts';
import { editPreemption } from './edits/preemption.ts';
import { editProtectedCalls } from './edits/protected_calls.ts';
import { editYields } from './edits/returning_yields.ts';
import { editStates } from './edits/state.ts';
import { fillPageZero } from './page_zero.ts';
import { Program } from './program.ts';
import { ALLOCATOR_SLOT, CONTINUATION_SLOT } from '../words.ts';
import { check } from './refusal.ts';
import { WasmModule } from './wasm_module.ts';

/** Prefix of what the slot assembly exports. */
const SLOT_PREFIX = 'slot_';
const ALLOCATOR = 'alloc';
/** Prefix of what the assembly of objects exports. */
const OBJECT_PREFIX = 'object_';

export interface TransformedLua {
  readonly bytes: Uint8Array;
  /** Where the binary keeps what, and which function is which. */
  readonly anchors: Anchors;
  /** How many places were changed, in how many functions. */
  readonly edits: number;
  readonly functions: number;
}

/**
 * `glue` is `glue.wasm` of wasmoon; `slots` and `objects` are the compiled assemblies, linked in if given. Throws
 * INTERNAL, naming the check that failed, where the binary is not what the transform knows. It recognises structure, not
 * every byte: compare the sha256 of the input with `INPUT_SHA256` before.
 */
export function transformLua(glue: Uint8Array, slots?: Uint8Array, objects?: Uint8Array): TransformedLua {
  const module = new WasmModule(glue);
  const program = new Program(module);
  const anchors = findAnchors(program);

  fillPageZero(module);
  const globals = editProtectedCalls(program, anchors);
  editYields(program, anchors, globals);
  editPreemption(program, anchors, globals);
  const continuation = editNestedCoroutines(program, anchors);
  check(continuation === CONTINUATION_SLOT, `the continuation is in table slot ${continuation}`);
  editBudgets(program, anchors, globals);
  editStates(program, anchors);

  let allocator: number | undefined;
  if (slots !== undefined) {
    allocator = linkModule(module, slots, SLOT_PREFIX).get(ALLOCATOR);
    check(allocator !== undefined, `the slot assembly exports no function "${ALLOCATOR}"`);
  }
  if (objects !== undefined) linkModule(module, objects, OBJECT_PREFIX);
  const slot = module.addSlot(allocator);
  check(slot === ALLOCATOR_SLOT, `the allocator is in table slot ${slot}`);
  return { bytes: module.encode(), anchors, ...module.edits };
}
