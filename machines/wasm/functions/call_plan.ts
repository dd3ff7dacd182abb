import type { Payload } from '../../../runtime/machine.ts';
import type { FunctionSignature } from '../binary/inspect.ts';
import type { Loaded } from '../instance/loaded.ts';
import { AssemblyscriptPlan } from './assemblyscript_plan.ts';
import { CanonicalPlan } from './canonical_plan.ts';
import type { Crossing } from './crossing.ts';
import type { WitFunction } from './wit_type.ts';

/** How one function is called by the convention that its module follows; made once for a signature. */
export interface CallPlan {
  /** The type that the export must have. */
  readonly type: FunctionSignature;
  /** Values lie in the module's memory. */
  readonly usesMemory: boolean;
  /** What the module lacks for this signature, besides the export itself: texts for errors at load. */
  lacks(module: ModuleExports): string[];
  /** The arguments as core values, in the guest's memory where need be. Throws INVALID. */
  lower(crossing: Crossing, args: readonly Payload[]): unknown[];
  /** Called for signatures with a result. Throws INTERNAL. */
  lift(crossing: Crossing, core: unknown): Payload;
  /** After the result was read: give back what the call has taken. */
  finish(loaded: Loaded, core: unknown): void;
}

/** What a plan may ask about a module before it runs. */
export interface ModuleExports {
  readonly functions: { readonly [name: string]: FunctionSignature };
  readonly globals: ReadonlySet<string>;
}

/**
 * Modules with AssemblyScript's runtime get and give its objects, all others follow the canonical ABI. Throws INVALID for
 * a type that the convention does not have.
 */
export function planOf(signature: WitFunction, assemblyscript: boolean): CallPlan {
  return assemblyscript ? new AssemblyscriptPlan(signature) : new CanonicalPlan(signature);
}
