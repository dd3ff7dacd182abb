import { TroupeError } from '../../../runtime/errors.ts';
import { decodeModule } from './decode.ts';
import { type Limits, SectionId, sectionOf } from './module.ts';
import { Feature, refuse } from './unsupported.ts';
import { Writer } from './writer.ts';

/**
 * The module with the maximum of its memory set to at most `maxPages` (64 KiB each), whether the memory is its own or
 * imported; an imported one must then be made with a maximum of at most that. Apply it before `suspendTransform`, which
 * adds the room for its own area on top.
 *
 * Answers the same bytes where nothing has to change. Throws INVALID where the module cannot start within the limit.
 */
export function limitMemory(bytes: Uint8Array, maxPages: number): Uint8Array {
  const module = decodeModule(bytes);
  if (module.memories.length === 0) return bytes;
  if (module.memories.length > 1) refuse(Feature.MultiMemory, {});
  const { limits, imported } = module.memories[0];
  if (limits.wide) refuse(Feature.Memory64, { offset: limits.range.start });
  if (limits.min > maxPages) {
    throw new TroupeError(
      `this WebAssembly module needs ${limits.min} pages of memory to start, but only ${maxPages} are allowed ` +
        '(a page is 64 KiB). Allow more memory or build it with a smaller initial memory.',
      { kind: 'INVALID', retryable: false, details: { needed: limits.min, allowed: maxPages } },
    );
  }
  if (limits.max !== undefined && limits.max <= maxPages) return bytes;
  const id = imported ? SectionId.Import : SectionId.Memory;
  const section = sectionOf(module, id)!;
  const content = new Writer(section.end - section.start + 8);
  content.copy(bytes, section.start, limits.range.start);
  writeLimits(content, { ...limits, max: maxPages });
  content.copy(bytes, limits.range.end, section.end);
  const out = new Writer(bytes.length + 16);
  out.copy(bytes, 0, section.header);
  out.section(id, content);
  out.copy(bytes, section.end, bytes.length);
  return out.finish();
}

/** Encode the limits of a 32-bit memory. */
export function writeLimits(out: Writer, limits: Pick<Limits, 'min' | 'max' | 'shared'>): void {
  out.byte((limits.max === undefined ? 0 : 1) | (limits.shared ? 2 : 0));
  out.unsigned(limits.min);
  if (limits.max !== undefined) out.unsigned(limits.max);
}
