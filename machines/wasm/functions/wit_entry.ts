import type { Payload } from '../../../runtime/machine.ts';
import { TroupeError } from '../../../runtime/errors.ts';
import type { FunctionSignature } from '../binary/inspect.ts';
import type { Loaded } from '../instance/loaded.ts';
import type { EntryPoint } from './entry_point.ts';
import {
  fromWide,
  type IntegerRange,
  invalid,
  realNumber,
  shown,
  signedRange,
  unsignedRange,
  wholeNumber,
} from './numbers.ts';
import type { Passing } from './passing.ts';
import type { WitFunction, WitType } from './wit.ts';

const RANGES: { readonly [type in WitType]?: IntegerRange } = {
  s8: signedRange(8),
  s16: signedRange(16),
  s32: signedRange(32),
  s64: signedRange(64),
  u8: unsignedRange(8),
  u16: unsignedRange(16),
  u32: unsignedRange(32),
  u64: unsignedRange(64),
};

/** A method with a `wit` signature. `passing` is how this module takes text and bytes. */
export class WitEntry implements EntryPoint {
  readonly exportName: string;
  readonly #signature: WitFunction;
  readonly #passing: Passing;

  constructor(signature: WitFunction, exportName: string, passing: Passing) {
    this.exportName = exportName;
    this.#signature = signature;
    this.#passing = passing;
  }

  lower(loaded: Loaded, args: readonly Payload[]): unknown[] {
    const { name, params } = this.#signature;
    if (args.length !== params.length) {
      const names = params.map(param => `${param.name}: ${param.type}`).join(', ');
      throw invalid(`${name} takes ${params.length} arguments (${names}), got ${args.length}`);
    }
    const values: unknown[] = [];
    params.forEach((param, index) => {
      this.#lowerOne(loaded, args[index], param.type, `argument "${param.name}" of ${name}`, values);
    });
    return values;
  }

  #lowerOne(loaded: Loaded, value: Payload, type: WitType, what: string, values: unknown[]): void {
    switch (type) {
      case 'string':
        if (typeof value !== 'string') throw invalid(`${what} must be text, got ${shown(value)}`);
        this.#passing.lowerText(loaded, value, values);
        return;
      case 'list<u8>':
        if (!(value instanceof Uint8Array)) throw invalid(`${what} must be bytes, got ${shown(value)}`);
        this.#passing.lowerBytes(loaded, value, values);
        return;
      default:
        values.push(lowerScalar(value, type, what));
    }
  }

  lift(loaded: Loaded, result: unknown): Payload {
    const { result: type, name } = this.#signature;
    try {
      switch (type) {
        case undefined:
          return null;
        case 'string':
          return this.#passing.liftText(loaded, result as number);
        case 'list<u8>':
          return this.#passing.liftBytes(loaded, result as number);
        default:
          return liftScalar(result as number | bigint, type);
      }
    } catch (thrown) {
      const problem = thrown instanceof Error ? thrown.message : String(thrown);
      throw new TroupeError(`the result of ${name} is no ${type}: ${problem}`, { kind: 'INTERNAL' });
    } finally {
      this.#passing.finish(loaded, this.exportName, result);
    }
  }
}

function lowerScalar(value: Payload, type: WitType, what: string): number | bigint {
  const range = RANGES[type];
  if (range !== undefined) {
    if (typeof value === 'boolean') throw invalid(`${what} must be a whole number, got ${value}`);
    const whole = wholeNumber(value, range, what);
    return type === 's64' || type === 'u64' ? whole : Number(whole) | 0;
  }
  if (type === 'bool') {
    if (typeof value !== 'boolean') throw invalid(`${what} must be true or false, got ${shown(value)}`);
    return value ? 1 : 0;
  }
  if (type === 'char') {
    const code = typeof value === 'string' ? value.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== value || (code >= 0xd800 && code < 0xe000)) {
      throw invalid(`${what} must be text of one character, got ${shown(value)}`);
    }
    return code;
  }
  return realNumber(value, what);
}

/** The upper bits of a small integer mean nothing. */
function liftScalar(value: number | bigint, type: WitType): Payload {
  switch (type) {
    case 'bool':
      return value !== 0;
    case 's8':
      return ((value as number) << 24) >> 24;
    case 's16':
      return ((value as number) << 16) >> 16;
    case 'u8':
      return (value as number) & 0xff;
    case 'u16':
      return (value as number) & 0xffff;
    case 'u32':
      return (value as number) >>> 0;
    case 's64':
      return fromWide(value as bigint);
    case 'u64':
      return fromWide(BigInt.asUintN(64, value as bigint));
    case 'char':
      return String.fromCodePoint((value as number) >>> 0);
    default:
      return value as number;
  }
}

/** The type that an export must have for a signature. */
export function flatType(signature: WitFunction, passing: Pick<Passing, 'wordsOfText'>): FunctionSignature {
  const params: string[] = [];
  for (const { type } of signature.params) {
    if (isReference(type)) for (let i = 0; i < passing.wordsOfText; i++) params.push('i32');
    else params.push(flatScalar(type));
  }
  const { result } = signature;
  return { params, results: result === undefined ? [] : [isReference(result) ? 'i32' : flatScalar(result)] };
}

function isReference(type: WitType): boolean {
  return type === 'string' || type === 'list<u8>';
}

function flatScalar(type: WitType): string {
  if (type === 's64' || type === 'u64') return 'i64';
  return type === 'f32' || type === 'f64' ? type : 'i32';
}
