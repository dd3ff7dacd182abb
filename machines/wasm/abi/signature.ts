/** Types of import functions, as data. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64';

/** One import function. A parameter pair `x, x_len` is UTF-8 text or MessagePack bytes in the guest's memory. */
export interface CallSignature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** It can wait: the transform makes the guest suspendable there. */
  readonly blocks: boolean;
}

/** `(i32, f64) -> i32`, as error messages and the README write it. */
export function showSignature(params: readonly string[], results: readonly string[]): string {
  return `(${params.join(', ')}) -> ${results.length === 1 ? results[0] : `(${results.join(', ')})`}`;
}
