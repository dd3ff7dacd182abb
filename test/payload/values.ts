/** Generated payloads, for the properties of copying and packing. */
import fc from 'fast-check';
import { ERROR_KINDS, TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/payload/payload.ts';

const key = fc.oneof(
  fc.constantFrom('id', 'name', 'tags', 'n', 'type', '__proto__', 'constructor', 'toString', '', '0', '17', 'ключ'),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
);

const number = fc.oneof(
  fc.integer(),
  fc.integer({ min: -200, max: 300 }),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, -0, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31) - 1, 1e300, Number.NaN),
);

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', minLength: 28, maxLength: 300 }));

const plain = fc.oneof(
  fc.constantFrom(null, true, false),
  number,
  text,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.uint8Array({ maxLength: 300 }),
);

function record<T>(value: fc.Arbitrary<T>, keys: fc.Arbitrary<string> = key): fc.Arbitrary<Record<string, T>> {
  return fc
    .array(fc.tuple(keys, value), { maxLength: 30 })
    .map(entries => Object.fromEntries(entries) as Record<string, T>);
}

const { json } = fc.letrec<{ json: Payload; error: Payload }>(tie => ({
  error: fc
    .record({
      message: text,
      kind: fc.constantFrom(...ERROR_KINDS),
      retryable: fc.constantFrom(true, false, undefined),
      details: fc.option(record(tie('json')), { nil: undefined }),
      stack: fc.option(text, { nil: undefined }),
    })
    .map(({ message, ...options }) => new TroupeError(message, options)),
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    plain,
    fc.array(tie('json'), { maxLength: 20 }),
    record(tie('json')),
    tie('error'),
  ),
}));

/** Anything that can be sent and has no undefined in it. */
export const payloads = json;

const { data } = fc.letrec<{ data: Payload }>(tie => ({
  data: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    plain,
    fc.array(tie('data'), { maxLength: 20 }),
    // Some implementations of MessagePack rename this key.
    record(
      tie('data'),
      key.filter(name => name !== '__proto__'),
    ),
  ),
}));

/** What every implementation of MessagePack has: no errors. */
export const commonPayloads = data;

/** The value as MessagePack gives it back: bigints in the safe range are numbers. */
export function asUnpacked(value: Payload): unknown {
  if (typeof value === 'bigint') {
    return BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (value instanceof TroupeError) {
    const { message, kind, retryable, details, stack } = value;
    return new TroupeError(message, {
      kind,
      retryable,
      details: asUnpacked(details as Payload) as TroupeError['details'],
      stack,
    });
  }
  if (Array.isArray(value)) return value.map(asUnpacked);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asUnpacked(item as Payload)]));
}

/** Every object, array and byte array inside the value, with itself. */
export function containersOf(value: unknown, found: Set<unknown> = new Set()): Set<unknown> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  if (value instanceof Uint8Array) return found.add(value.buffer);
  for (const item of value instanceof TroupeError ? [value.details] : Object.values(value)) containersOf(item, found);
  return found;
}
