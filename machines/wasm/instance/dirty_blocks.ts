/**
 * The memory of a guest as what differs from its program's template: runs of blocks, each with its address and length in
 * front (32 bits each, little-endian). Blocks are compared page by page first, so that an idle process costs
 * microseconds.
 */
import { damagedImage } from './refusals.ts';

const PAGE = 4096;
/** Smaller blocks make smaller images and more runs. */
const BLOCK = 128;
const RUN_HEADER = 8;
const ZEROS = new Uint8Array(PAGE);

/** Runs `[start, end)` of `memory` that differ from `template`, which is followed by zeros; all of them in one list. */
function dirtyRuns(memory: Uint8Array, template: Uint8Array): number[] {
  const runs: number[] = [];
  const known = Buffer.from(template.buffer, template.byteOffset, template.byteLength);
  const now = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  let open = false;
  for (let page = 0; page < memory.length; page += PAGE) {
    if (samePage(now, known, page)) {
      open = false;
      continue;
    }
    for (let block = page; block < page + PAGE; block += BLOCK) {
      if (sameBlock(memory, template, block)) {
        open = false;
      } else if (open) {
        runs[runs.length - 1] = block + BLOCK;
      } else {
        runs.push(block, block + BLOCK);
        open = true;
      }
    }
  }
  return runs;
}

function samePage(now: Buffer, known: Buffer, page: number): boolean {
  const end = page + PAGE;
  if (end <= known.length) return now.compare(known, page, end, page, end) === 0;
  if (page >= known.length) return now.compare(ZEROS, 0, PAGE, page, end) === 0;
  return false;
}

function sameBlock(memory: Uint8Array, template: Uint8Array, block: number): boolean {
  const end = block + BLOCK;
  const shared = Math.min(end, template.length);
  let at = block;
  for (; at < shared; at++) if (memory[at] !== template[at]) return false;
  for (; at < end; at++) if (memory[at] !== 0) return false;
  return true;
}

/** What differs, as bytes. `memory` is whole WebAssembly pages. */
export function packDirty(memory: Uint8Array, template: Uint8Array): Uint8Array {
  const runs = dirtyRuns(memory, template);
  let length = 0;
  for (let i = 0; i < runs.length; i += 2) length += RUN_HEADER + runs[i + 1] - runs[i];
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let i = 0; i < runs.length; i += 2) {
    view.setUint32(at, runs[i], true);
    view.setUint32(at + 4, runs[i + 1] - runs[i], true);
    bytes.set(memory.subarray(runs[i], runs[i + 1]), at + RUN_HEADER);
    at += RUN_HEADER + runs[i + 1] - runs[i];
  }
  return bytes;
}

/** Write into a memory that is as the template what `packDirty` gave. Throws INVALID for what does not fit. */
export function unpackDirty(memory: Uint8Array, dirty: Uint8Array): void {
  const view = new DataView(dirty.buffer, dirty.byteOffset, dirty.byteLength);
  let at = 0;
  while (at < dirty.length) {
    const held = at + RUN_HEADER <= dirty.length;
    const address = held ? view.getUint32(at, true) : 0;
    const length = held ? view.getUint32(at + 4, true) : 0;
    at += RUN_HEADER;
    if (!held || at + length > dirty.length || address + length > memory.length) {
      throw damagedImage('its memory does not fit');
    }
    memory.set(dirty.subarray(at, at + length), address);
    at += length;
  }
}
