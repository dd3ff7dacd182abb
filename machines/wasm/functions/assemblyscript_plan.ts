import type { Payload } from '../../../runtime/machine.ts';
import type { FunctionSignature } from '../binary/inspect.ts';
import type { Loaded } from '../instance/loaded.ts';
import { assemblyscriptType, type ClassNeed } from './assemblyscript_type.ts';
import type { CallPlan, ModuleExports } from './call_plan.ts';
import type { Crossing } from './crossing.ts';
import type { CoreValue, Scalar } from './scalars.ts';
import type { WitFunction } from './wit_type.ts';

/** A call with objects of AssemblyScript. */
export class AssemblyscriptPlan implements CallPlan {
  readonly type: FunctionSignature;
  readonly usesMemory = false;
  readonly #name: string;
  readonly #params: readonly string[];
  readonly #types: readonly Scalar[];
  readonly #result: Scalar | undefined;
  readonly #needs: readonly ClassNeed[];

  constructor(signature: WitFunction) {
    const { name, params, result } = signature;
    const needs = new Set<ClassNeed>();
    this.#name = name;
    this.#params = params.map(param => param.name);
    this.#types = params.map(param => assemblyscriptType(param.type, needs));
    const ofResult = new Set<ClassNeed>();
    this.#result = result && assemblyscriptType(result, ofResult);
    // Arrays say themselves what they are an array of.
    for (const need of ofResult) if (!need.some(one => one.includes('Array'))) needs.add(need);
    this.#needs = [...needs];
    this.type = {
      params: this.#types.map(type => type.core),
      results: this.#result === undefined ? [] : [this.#result.core],
    };
  }

  lacks({ globals }: ModuleExports): string[] {
    const missing = this.#needs.filter(need => !need.some(name => globals.has(name)));
    const unique = [...new Set(missing.map(need => need.join('" or "')))];
    return unique.map(
      names =>
        `"${this.#name}" needs the id of a class, exported as "${names}"; write like ` +
        `"export const ${names.split('"')[0]} = idof<${classShown(names.split('"')[0])}>()"`,
    );
  }

  lower(crossing: Crossing, args: readonly Payload[]): unknown[] {
    return this.#types.map((type, i) => {
      crossing.path[0] = this.#params[i];
      return type.lower(crossing, args[i]);
    });
  }

  lift(crossing: Crossing, core: unknown): Payload {
    return this.#result!.lift(crossing, core as CoreValue);
  }

  finish(loaded: Loaded): void {
    for (const object of loaded.pinned) loaded.within('__unpin', object);
    loaded.pinned.length = 0;
  }
}

/** `Array_Array_i32_ID` -> `Array<Array<i32>>`. */
function classShown(id: string): string {
  const parts = id.slice(0, -'_ID'.length).split(/(?<=\bArray|_Array)_/);
  return `${parts.join('<')}${'>'.repeat(parts.length - 1)}`;
}
