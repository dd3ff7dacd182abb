import type { Payload } from '../../../runtime/machine.ts';
import { showSignature } from '../abi/signature.ts';
import type { FunctionSignature } from '../binary/inspect.ts';
import type { Loaded } from '../instance/loaded.ts';
import { allocate } from './allocate.ts';
import { type CanonicalType, canonicalType, MAX_FLAT_RESULTS } from './canonical_type.ts';
import { Layout } from './layout.ts';
import type { CallPlan, ModuleExports } from './call_plan.ts';
import type { Crossing } from './crossing.ts';
import type { CoreValue } from './scalars.ts';
import type { WitFunction } from './wit_type.ts';

/** With more flat values than this, all parameters are passed in memory. */
const MAX_FLAT_PARAMS = 16;

/** A call by the canonical ABI, as compilers for C, Rust and others follow it. */
export class CanonicalPlan implements CallPlan {
  readonly type: FunctionSignature;
  readonly usesMemory: boolean;
  readonly #name: string;
  readonly #params: readonly string[];
  readonly #types: readonly CanonicalType[];
  readonly #result: CanonicalType | undefined;
  /** Where the parameters lie in memory; undefined where they are passed flat. */
  readonly #layout: Layout | undefined;
  readonly #allocates: boolean;
  readonly #release: string;

  constructor(signature: WitFunction) {
    const { name, params, result } = signature;
    this.#name = name;
    this.#params = params.map(param => param.name);
    this.#types = params.map(param => canonicalType(param.type));
    this.#result = result && canonicalType(result);
    const flat = this.#types.flatMap(type => type.flat);
    this.#layout = flat.length > MAX_FLAT_PARAMS ? new Layout(this.#types) : undefined;
    this.#allocates = this.#layout !== undefined || this.#types.some(type => type.allocates);
    const returned = this.#result?.flat ?? [];
    const indirect = returned.length > MAX_FLAT_RESULTS;
    this.type = { params: this.#layout === undefined ? flat : ['i32'], results: indirect ? ['i32'] : returned };
    this.usesMemory = this.#allocates || indirect;
    this.#release = `cabi_post_${name}`;
  }

  lacks({ functions }: ModuleExports): string[] {
    const problems: string[] = [];
    if (this.#allocates && !Object.hasOwn(functions, 'cabi_realloc') && !Object.hasOwn(functions, 'troupe_alloc')) {
      problems.push(
        `"${this.#name}" takes what is passed in memory, for which it must also export "cabi_realloc": (i32, i32, i32, ` +
          'i32) -> i32 or "troupe_alloc": (i32) -> i32 (AssemblyScript: --exportRuntime)',
      );
    }
    const release = Object.hasOwn(functions, this.#release) ? functions[this.#release] : undefined;
    const wanted = this.type.results;
    if (release !== undefined && (release.params.join() !== wanted.join() || release.results.length > 0)) {
      problems.push(
        `its export "${this.#release}" is ${showSignature(release.params, release.results)}, but must be ` +
          `${showSignature(wanted, [])}: it is called with what "${this.#name}" returned`,
      );
    }
    return problems;
  }

  lower(crossing: Crossing, args: readonly Payload[]): unknown[] {
    const types = this.#types;
    const layout = this.#layout;
    const { path } = crossing;
    const flat: CoreValue[] = [];
    const area = layout === undefined ? 0 : allocate(crossing.loaded, layout.size, layout.align);
    for (let i = 0; i < types.length; i++) {
      path[0] = this.#params[i];
      if (layout === undefined) types[i].lower(crossing, args[i], flat);
      else types[i].store(crossing, args[i], area + layout.offsets[i]);
    }
    return layout === undefined ? flat : [area | 0];
  }

  lift(crossing: Crossing, core: unknown): Payload {
    return this.#result!.lift(crossing, core as CoreValue);
  }

  finish(loaded: Loaded, core: unknown): void {
    if (loaded.has(this.#release)) loaded.within(this.#release, core);
  }
}
