/** Changes of a binary that a broken compiler, a broken disk or somebody who means harm could make. */
import fc from 'fast-check';
import { decodeModule } from '../../machines/wasm/binary/decode.ts';

/** Numbers as LEB128 that readers get wrong: 2^32 - 1, 2^32, -2^31, 0 in five and in eleven bytes, without an end. */
const EDGES: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0x80, 0x80, 0x80, 0x80, 0x78],
  [0x80, 0x80, 0x80, 0x80, 0x00],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x7f],
  [0x40],
];

/** `at` and `to` are places as a part of the whole, from 0 to 1; sections likewise. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'set' | 'insert'; readonly at: number; readonly value: number }
  | { readonly kind: 'edge'; readonly at: number; readonly edge: number }
  | { readonly kind: 'cut' | 'remove' | 'double' | 'drop'; readonly at: number }
  | { readonly kind: 'swap'; readonly at: number; readonly to: number };

const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const byte = fc.integer({ min: 0, max: 255 });

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('flip'), at: part, bit: fc.integer({ min: 0, max: 7 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('set', 'insert'), at: part, value: byte }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('edge'),
      at: part,
      edge: fc.integer({ min: 0, max: EDGES.length - 1 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'remove', 'double', 'drop'), at: part }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('swap'), at: part, to: part }) },
) as fc.Arbitrary<Mutation>;

/** `sample`: what `bytes` once were; its sections are those that are doubled, dropped and swapped. */
export function mutate(sample: Uint8Array, bytes: Uint8Array, change: Mutation): Uint8Array {
  const at = Math.floor(change.at * bytes.length);
  switch (change.kind) {
    case 'flip': {
      const copy = bytes.slice();
      copy[at] ^= 1 << change.bit;
      return copy;
    }
    case 'set':
      return join(bytes.subarray(0, at), [change.value], bytes.subarray(at + 1));
    case 'insert':
      return join(bytes.subarray(0, at), [change.value], bytes.subarray(at));
    case 'edge':
      return join(bytes.subarray(0, at), EDGES[change.edge], bytes.subarray(at + 1));
    case 'cut':
      return bytes.slice(0, at);
    case 'remove':
      return join(bytes.subarray(0, at), bytes.subarray(at + 1));
    case 'double':
      return arranged(sample, (sections, one) => sections.splice(one, 0, sections[one]), change.at);
    case 'drop':
      return arranged(sample, (sections, one) => sections.splice(one, 1), change.at);
    case 'swap':
      return arranged(
        sample,
        (sections, one) => {
          const other = Math.floor(change.to * sections.length);
          [sections[one], sections[other]] = [sections[other], sections[one]];
        },
        change.at,
      );
  }
}

function arranged(sample: Uint8Array, change: (sections: Uint8Array[], one: number) => void, at: number): Uint8Array {
  const sections = decodeModule(sample).sections.map(({ header, end }) => sample.subarray(header, end));
  change(sections, Math.floor(at * sections.length));
  return join(sample.subarray(0, 8), ...sections);
}

export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(one => [...one]));
}
