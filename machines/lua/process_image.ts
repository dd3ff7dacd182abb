/**
 * A suspended Lua process as bytes, and back (design section 1): the memory of its slot, and the record of its paths.
 * Whatever it was doing, it goes on there, nested coroutines and protected calls included. Waiting messages, names,
 * links and timers are the kernel's and not in it.
 *
 * Layout: length of the record (32 bits, little-endian), the record as MessagePack, the memory as `vm/slots` wrote it.
 */
import { createHash } from 'node:crypto';
import { TroupeError } from '../../runtime/errors.ts';
import type { Image, Payload } from '../../runtime/machine.ts';
import { packPayload, unpackPayload } from '../../runtime/payload/messagepack.ts';
import type { LuaProcess } from './process.ts';
import type { ProcessRecord } from './process_record.ts';
import type { LuaProgram } from './program.ts';
import { OUTPUT_SHA256 } from './vm/transform/pins.ts';

/** Part of the identity of programs that can resume an image: raise it when the record changes. */
const RECORD_VERSION = 2;
const HEAD = 4;

/** What can resume an image of this program: the same sources in the same build of the machine. */
export function imageIdentity(artifact: string): string {
  return createHash('sha256').update(`${RECORD_VERSION} ${OUTPUT_SHA256} ${artifact}`).digest('hex');
}

/** Undefined where the process cannot be moved now: its state is not in a slot. */
export function writeImage(process: LuaProcess): Image | undefined {
  const { state, program } = process;
  if (state.imageBytes === undefined) return undefined;
  const record = packPayload(process.record() as unknown as Payload);
  // The memory begins at a whole word, for whoever reads it as words.
  const start = (HEAD + record.length + 7) & ~7;
  const bytes = new Uint8Array(start + state.imageBytes());
  new DataView(bytes.buffer).setUint32(0, record.length, true);
  bytes.set(record, HEAD);
  state.extractInto!(bytes, start);
  return { program: program.identity, bytes };
}

/** The record and the memory of an image. Throws INVALID where it is of another program or damaged. */
export function readImage(program: LuaProgram, image: Image): { record: ProcessRecord; memory: Uint8Array } {
  if (image.program !== program.identity) {
    throw new TroupeError(
      `this image was made by another version of ${program.id}: it can only be resumed by that one`,
      {
        kind: 'INVALID',
        retryable: false,
        details: { expected: program.identity, found: image.program },
      },
    );
  }
  const { bytes } = image;
  const length = bytes.length < HEAD ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const start = (HEAD + length + 7) & ~7;
  if (length === 0 || start >= bytes.length) {
    throw new TroupeError('the image is cut off', { kind: 'INVALID', retryable: false });
  }
  const record = unpackPayload(bytes.subarray(HEAD, HEAD + length)) as unknown as ProcessRecord;
  return { record, memory: bytes.subarray(start) };
}
