import type { Payload } from '../../../runtime/machine.ts';
import type { FunctionSignature } from '../binary/inspect.ts';
import type { Loaded } from '../instance/loaded.ts';
import { ANY_32, ANY_64, fromWide, invalid, realNumber, wholeNumber } from './numbers.ts';

/** How a method is called: what goes into which export, and what comes out of it. */
export interface EntryPoint {
  readonly exportName: string;
  /** The arguments as wasm values, in the guest's memory where need be. Throws INVALID for what does not fit. */
  lower(loaded: Loaded, args: readonly Payload[]): unknown[];
  /** The result; also gives back what `lower` has taken. Called once, after the export has returned. */
  lift(loaded: Loaded, result: unknown): Payload;
}

/** A method without a `wit` line: its parameters and results are numbers; a program may also read `args` and `exit`. */
export class NumericEntry implements EntryPoint {
  readonly exportName: string;
  readonly #params: readonly string[];

  constructor(exportName: string, type: FunctionSignature) {
    this.exportName = exportName;
    this.#params = type.params;
  }

  lower(_loaded: Loaded, args: readonly Payload[]): unknown[] {
    const params = this.#params;
    if (params.length === 0) return [];
    if (args.length !== params.length) {
      throw invalid(
        `${this.exportName} takes ${params.length} numbers (${params.join(', ')}), got ${args.length} arguments`,
      );
    }
    return params.map((type, index) => lowerNumber(args[index], type, `argument ${index + 1} of ${this.exportName}`));
  }

  lift(_loaded: Loaded, result: unknown): Payload {
    return Array.isArray(result) ? result.map(liftNumber) : liftNumber(result);
  }
}

function lowerNumber(value: Payload, type: string, what: string): number | bigint {
  switch (type) {
    case 'i32':
      return Number(wholeNumber(value, ANY_32, what)) | 0;
    case 'i64':
      return wholeNumber(value, ANY_64, what);
    default:
      return realNumber(value, what);
  }
}

function liftNumber(result: unknown): Payload {
  if (typeof result === 'number') return result;
  return typeof result === 'bigint' ? fromWide(result) : null;
}
