/**
 * A suspended Lua process as bytes, and back (design section 1): the memory of its slot, and the record of its paths.
 * Whatever it was doing, it goes on there, nested coroutines and protected calls included. Waiting messages, names,
 * links and timers are the kernel's and not in it.
 */
import { createHash } from 'node:crypto';
import { makeImage, openImage } from '../../runtime/image.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Image } from '../../runtime/machine.ts';
import type { LuaProcess } from './process.ts';
import type { ProcessRecord } from './process_record.ts';
import type { LuaProgram } from './program.ts';
import { OUTPUT_SHA256 } from './vm/transform/pins.ts';

/** Part of the identity of programs that can resume an image: raise it when the record changes. */
const RECORD_VERSION = 3;

/** What can resume an image of this program: the same sources in the same build of the machine. */
export function imageIdentity(artifact: string): string {
  return createHash('sha256').update(`${RECORD_VERSION} ${OUTPUT_SHA256} ${artifact}`).digest('hex');
}

/** Undefined where the process cannot be moved now: its state is not in a slot. */
export function writeImage(process: LuaProcess): Image | undefined {
  const { state, program } = process;
  if (state.imageBytes === undefined) return undefined;
  return makeImage(program.identity, process.record(), state.imageBytes(), (bytes, at) => {
    state.extractInto!(bytes, at);
  });
}

/** The record and the memory of an image. Throws INVALID where it is of another program or damaged. */
export function readImage(program: LuaProgram, image: Image): { record: ProcessRecord; memory: Uint8Array } {
  const { record, body } = openImage<ProcessRecord>(program.identity, program.id, image);
  return { record, memory: body };
}

/** The error of an image that is whole as far as its memory goes, but whose record makes no sense. */
export function damagedRecord(why: Error): TroupeError {
  return new TroupeError(`the image is damaged: ${why.message}`, { kind: 'INVALID', retryable: false });
}
