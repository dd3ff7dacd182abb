/**
 * Images as bytes: a record (plain data) and a body (memory), the same layout for every machine that has images.
 * Length of the record (32 bits, little-endian), the record as MessagePack, and the body from the next multiple of 8.
 */
import { TroupeError } from './errors.ts';
import type { Image } from './machine.ts';
import { packExact, unpackExact } from './payload/messagepack.ts';
import type { Payload } from './payload/payload.ts';

const HEAD = 4;

function bodyAt(recordLength: number): number {
  return (HEAD + recordLength + 7) & ~7;
}

/** `write` puts the body, `bodyLength` bytes, at the address it is given. */
export function makeImage(
  program: string,
  record: unknown,
  bodyLength: number,
  write: (bytes: Uint8Array, at: number) => void,
): Image {
  const packed = packExact(record as Payload);
  const start = bodyAt(packed.length);
  const bytes = new Uint8Array(start + bodyLength);
  new DataView(bytes.buffer).setUint32(0, packed.length, true);
  bytes.set(packed, HEAD);
  write(bytes, start);
  return { program, bytes };
}

/** Record and body of an image. Throws INVALID where it is not of this program, or is cut off. */
export function openImage<Record>(
  program: string,
  id: string,
  image: Image,
): { readonly record: Record; readonly body: Uint8Array } {
  if (image.program !== program) {
    throw new TroupeError(`this image was made by another version of ${id}: it can only be resumed by that one`, {
      kind: 'INVALID',
      retryable: false,
      details: { expected: program, found: image.program },
    });
  }
  const { bytes } = image;
  const length = bytes.length < HEAD ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const start = bodyAt(length);
  if (length === 0 || start > bytes.length) {
    throw new TroupeError('the image is cut off', { kind: 'INVALID', retryable: false });
  }
  const record = unpackExact(bytes.subarray(HEAD, HEAD + length)) as unknown as Record;
  return { record, body: bytes.subarray(start) };
}
