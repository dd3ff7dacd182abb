/** Values that can be sent, and what of them comes back from a Lua process: see "Values" in machines/lua/README.md. */
import * as fc from 'fast-check';
import type { Payload } from '../../runtime/machine.ts';

const WHOLE = 2n ** 63n;

/** Not `__proto__`: as a key of a literal it is none. */
const key = fc.string({ maxLength: 8, unit: 'grapheme' }).filter(name => name !== '__proto__');

export const message: fc.Arbitrary<Payload> = fc.letrec<{ value: Payload }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Payload>(null, true, false, '', 0, -0, 2 ** 53, -(2 ** 53), 2 ** 63, 5e-324, 1e308, Number.NaN),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt({ min: -WHOLE, max: WHOLE - 1n }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }).map(text => Buffer.from(text, 'utf8').toString('utf8')),
    fc.string({ minLength: 30, maxLength: 400, size: 'max' }),
    fc.uint8Array({ maxLength: 100 }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6 }),
  ),
})).value;

/** The value after a stay in Lua. */
export function arrived(value: Payload): Payload {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Uint8Array) return textOrBytes(value);
  if (Array.isArray(value)) return list(value);
  if (typeof value === 'object' && value !== null) return record(value as { readonly [key: string]: Payload });
  return value ?? null;
}

/** Lua knows bytes only: those that are UTF-8 come back as text. */
function textOrBytes(bytes: Uint8Array): Payload {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}

/** Nil at the end is nothing; within, it stays null as long as half of the list is there. */
function list(values: readonly Payload[]): Payload {
  let last = values.length;
  while (last > 0 && isNothing(values[last - 1])) last--;
  const present = values.filter(one => !isNothing(one)).length;
  if (present * 2 >= last) return values.slice(0, last).map(arrived);
  return record(Object.fromEntries(values.map((one, i) => [String(i + 1), one])));
}

function record(fields: { readonly [key: string]: Payload }): Payload {
  const present = Object.entries(fields).filter(([, value]) => !isNothing(value));
  return Object.fromEntries(present.map(([name, value]) => [name, arrived(value)]));
}

function isNothing(value: Payload): boolean {
  return value === null || value === undefined;
}
