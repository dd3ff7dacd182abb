/** Value types of core WebAssembly 2.0, by their byte in the binary format. Source: core specification 5.3. */
export const ValueType = {
  I32: 0x7f,
  I64: 0x7e,
  F32: 0x7d,
  F64: 0x7c,
  V128: 0x7b,
  FuncRef: 0x70,
  ExternRef: 0x6f,
} as const;
export type ValueType = (typeof ValueType)[keyof typeof ValueType];

export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

const NAMES: { readonly [type: number]: string } = {
  [ValueType.I32]: 'i32',
  [ValueType.I64]: 'i64',
  [ValueType.F32]: 'f32',
  [ValueType.F64]: 'f64',
  [ValueType.V128]: 'v128',
  [ValueType.FuncRef]: 'funcref',
  [ValueType.ExternRef]: 'externref',
};

export function isValueType(byte: number): boolean {
  return NAMES[byte] !== undefined;
}

/** The name in the text format, for example `i32`. */
export function valueTypeName(type: number): string {
  return NAMES[type] ?? `type 0x${type.toString(16)}`;
}

/** Bytes that a value takes in linear memory; 0 for references, which cannot be stored there. */
export function valueBytes(type: number): number {
  switch (type) {
    case ValueType.I32:
    case ValueType.F32:
      return 4;
    case ValueType.I64:
    case ValueType.F64:
      return 8;
    case ValueType.V128:
      return 16;
    default:
      return 0;
  }
}
