/**
 * A WebAssembly process as bytes, and back: what its memory and globals differ in from its program's template, the saved
 * stack of the call that it is in, and the record of its host side. Waiting messages, names, links and timers are the
 * kernel's and not in it.
 */
import { createHash } from 'node:crypto';
import { TroupeError } from '../../../runtime/errors.ts';
import { makeImage, openImage } from '../../../runtime/image.ts';
import type { Image } from '../../../runtime/machine.ts';
import { DriverState, type SavedCall } from '../suspend/driver.ts';
import type { FrameTable } from '../suspend/saved_stack.ts';
import { packDirty, unpackDirty } from './dirty_blocks.ts';
import type { GuestRecord } from './guest.ts';
import type { Loaded } from './loaded.ts';
import { damagedImage } from './refusals.ts';
import type { Template } from './template.ts';

/** Part of the identity of programs that can resume an image: raise it when the record or the transform changes. */
const RECORD_VERSION = 3;
const PAGE_BYTES = 65_536;

/** What can resume an image of a program: the same module, made runnable in the same way. */
export function imageIdentity(artifact: string, form: string): string {
  return createHash('sha256').update(`${RECORD_VERSION} ${form} ${artifact}`).digest('hex');
}

interface ImageRecord {
  readonly guest: GuestRecord;
  /** Length of the memory as the guest knows it, in bytes. */
  readonly length: number;
  readonly globals: Uint8Array;
  /** The call that is suspended or was preempted. */
  readonly call: SavedCall | null;
  /** AssemblyScript objects that are kept for the call. */
  readonly pinned: readonly number[];
}

/** The image of a guest between two steps; undefined where its saved stack is so long that its globals cannot be read. */
export function writeImage(
  identity: string,
  template: Template,
  loaded: Loaded,
  guest: GuestRecord,
): Image | undefined {
  const { driver, memory } = loaded;
  const globals = template.readGlobals(loaded);
  if (globals === undefined) return undefined;
  const record: ImageRecord = {
    guest,
    length: memory.bytes.length,
    globals,
    call: driver.state === DriverState.Idle ? null : driver.save(),
    pinned: loaded.pinned,
  };
  const dirty = packDirty(memory.bytes, template.bytes);
  return makeImage(identity, record, dirty.length, (bytes, at) => bytes.set(dirty, at));
}

/**
 * Make a new instance what the one of the image was; answers the guest's record.
 *
 * @throws INVALID for an image of another program or a damaged one, UNAVAILABLE where there is no room for its memory
 */
export function readImage(
  identity: string,
  id: string,
  template: Template,
  frames: FrameTable,
  loaded: Loaded,
  image: Image,
): GuestRecord {
  const { record, body } = openImage<ImageRecord>(identity, id, image);
  const { driver, memory } = loaded;
  const missing = (record.length - memory.bytes.length) / PAGE_BYTES;
  if (missing < 0 || !Number.isInteger(missing)) throw damagedImage('its memory has an impossible length');
  if (missing > 0 && driver.grow(missing) < 0) {
    throw new TroupeError(`no room for the memory of a process of ${id}: ${record.length} bytes`, {
      kind: 'UNAVAILABLE',
      retryable: true,
    });
  }
  unpackDirty(memory.bytes, body);
  if (!template.writeGlobals(loaded, record.globals)) throw damagedImage('it has other globals than the program');
  if (record.call !== null) driver.restore(record.call, frames);
  loaded.pinned.push(...record.pinned);
  return record.guest;
}
