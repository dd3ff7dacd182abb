import type { Payload } from '../../../runtime/machine.ts';
import { Unwinding } from '../instance/ending.ts';
import type { Loaded } from '../instance/loaded.ts';
import { type CallPlan, planOf } from './call_plan.ts';
import { Crossing } from './crossing.ts';
import type { EntryPoint } from './entry_point.ts';
import { invalid } from './numbers.ts';
import { resultError } from './result_error.ts';
import { showType, type WitFunction, type WitResult } from './wit_type.ts';

/** A method with a `wit` signature. */
export class WitEntry implements EntryPoint {
  readonly exportName: string;
  readonly #signature: WitFunction;
  readonly #plan: CallPlan;
  /** `assemblyscript`: the module takes and gives the objects of that language. */
  constructor(signature: WitFunction, assemblyscript: boolean) {
    this.exportName = signature.name;
    this.#signature = signature;
    this.#plan = planOf(signature, assemblyscript);
  }

  lower(loaded: Loaded, args: readonly Payload[]): unknown[] {
    const { name, params } = this.#signature;
    if (args.length !== params.length) {
      const names = params.map(param => `${param.name}: ${showType(param.type)}`).join(', ');
      throw invalid(`${name} takes ${params.length} arguments (${names}), got ${args.length}`);
    }
    return this.#plan.lower(new Crossing(loaded, this.#signature), args);
  }

  /** Throws `Unwinding` with the error of a `result`: the guest is as good as after any other return. */
  lift(loaded: Loaded, result: unknown): Payload {
    const signature = this.#signature;
    const value = signature.result === undefined ? null : this.#plan.lift(new Crossing(loaded, signature), result);
    this.#plan.finish(loaded, result);
    const type = signature.result;
    return typeof type === 'object' && type.kind === 'result' ? this.#outcome(type, value) : value;
  }

  /** Of `{ok: value}`, `{err: error}`, or one of these names alone. */
  #outcome({ err }: WitResult, value: Payload): Payload {
    if (value === 'ok') return null;
    const { ok, err: error = null } =
      value === 'err' ? {} : (value as { readonly ok?: Payload; readonly err?: Payload });
    if (ok !== undefined) return ok;
    throw new Unwinding({ how: 'fail', error: resultError(this.exportName, err, error) });
  }
}
