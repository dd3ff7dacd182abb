/**
 * Payloads as MessagePack: what WASM sees, what crosses workers, what is written to files (design section 4).
 *
 *     const bytes = packPayload({ id: 1, tags: ['a'] });
 *     unpackPayload(bytes); // { id: 1, tags: ['a'] }
 *
 * An own codec, since the kernel's hot path needs what a general one does not give: no intermediate buffers, errors
 * as values, and refusals that name the byte. Other implementations read it and are read by it; see `PayloadWriter`
 * and `PayloadReader` for the mapping.
 */
import type { Payload } from './payload.ts';
import { PayloadReader } from './reader.ts';
import { PayloadWriter } from './writer.ts';

export { PayloadReader } from './reader.ts';
export { PayloadWriter } from './writer.ts';

const nothing = new Uint8Array(0);
let spareWriter: PayloadWriter | undefined;
let spareExactWriter: PayloadWriter | undefined;
const reader = new PayloadReader();
const exactReader = new PayloadReader('exact');

/** The payload as MessagePack: a fresh array of exactly its size. Throws INVALID for what is no payload. */
export function packPayload(value: Payload): Uint8Array {
  // Reading an error's stack may run somebody's `prepareStackTrace`, which may come back here.
  const writer = spareWriter ?? new PayloadWriter();
  spareWriter = undefined;
  const packed = packWith(writer, value);
  spareWriter = writer;
  return packed;
}

/** The payload for `unpackExact`: what is Bytes, or frozen, will be so again. Not for anything outside of the runtime. */
export function packExact(value: Payload): Uint8Array {
  const writer = spareExactWriter ?? new PayloadWriter(1024, 'exact');
  spareExactWriter = undefined;
  const packed = packWith(writer, value);
  spareExactWriter = writer;
  return packed;
}

function packWith(writer: PayloadWriter, value: Payload): Uint8Array {
  writer.reset();
  writer.write(value);
  const { bytes, length } = writer;
  const packed = new Uint8Array(length);
  if (length <= 64) for (let i = 0; i < length; i++) packed[i] = bytes[i];
  else packed.set(bytes.subarray(0, length));
  return packed;
}

/** The payload that exactly these bytes stand for; shares nothing with them. Throws INVALID naming the byte. */
export function unpackPayload(bytes: Uint8Array): Payload {
  return unpackWith(reader, bytes);
}

/** The payload that `packExact` was given. */
export function unpackExact(bytes: Uint8Array): Payload {
  return unpackWith(exactReader, bytes);
}

function unpackWith(reader: PayloadReader, bytes: Uint8Array): Payload {
  reader.reset(bytes);
  try {
    const value = reader.read();
    reader.finish();
    return value;
  } finally {
    reader.reset(nothing);
  }
}
