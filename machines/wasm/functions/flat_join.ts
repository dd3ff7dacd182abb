/** Flat values of variants: what different cases carry shares the same parameters. */
import type { CoreType, CoreValue } from './scalars.ts';

/** One flat value for what is of different types in different cases. */
export function joinTypes(one: CoreType, other: CoreType): CoreType {
  if (one === other) return one;
  return one !== 'i64' && one !== 'f64' && other !== 'i64' && other !== 'f64' ? 'i32' : 'i64';
}

const scratch = new DataView(new ArrayBuffer(8));

/** The same bits as a value of the joined type. */
export function widened(value: CoreValue, from: CoreType, to: CoreType): CoreValue {
  if (from === to) return value;
  if (from === 'f64') {
    scratch.setFloat64(0, value as number);
    return scratch.getBigInt64(0);
  }
  let bits = value as number;
  if (from === 'f32') {
    scratch.setFloat32(0, bits);
    bits = scratch.getInt32(0);
  }
  return to === 'i64' ? BigInt(bits >>> 0) : bits;
}
