import { TroupeError } from '../../../runtime/errors.ts';
import { decoded } from './decode.ts';
import { type Limits, type Module, SectionId, sectionOf } from './module.ts';
import { Feature, refuse } from './unsupported.ts';
import { Writer } from './writer.ts';

/**
 * The module with the maximum of its memory set to at most `maxPages` (64 KiB each), whether the memory is its own or
 * imported; an imported one must then be made with a maximum of at most that. Apply it before `suspendTransform`, which
 * adds the room for its own area on top.
 *
 * Answers the same bytes where nothing has to change. Throws INVALID where the module cannot start within the limit.
 */
export function limitMemory(source: Uint8Array | Module, maxPages: number): Uint8Array {
  const module = decoded(source);
  const { bytes } = module;
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
  return withMaximums(module, imported ? SectionId.Import : SectionId.Memory, [limits], maxPages);
}

/**
 * The module with the maximum of each table of its own set to at most `maxEntries`: a table is memory of the host, up to 32
 * bytes an entry. Answers the same bytes where nothing has to change. Throws INVALID where a table begins larger.
 */
export function limitTables(source: Uint8Array | Module, maxEntries: number): Uint8Array {
  const module = decoded(source);
  const own = module.tables.filter(table => !table.imported).map(table => table.limits);
  for (const { min } of own) {
    if (min <= maxEntries) continue;
    throw new TroupeError(
      `this WebAssembly module has a table of ${min} entries, but only ${maxEntries} are allowed. Build it with a smaller table.`,
      { kind: 'INVALID', retryable: false, details: { needed: min, allowed: maxEntries } },
    );
  }
  const larger = own.filter(({ max }) => max === undefined || max > maxEntries);
  return larger.length === 0 ? module.bytes : withMaximums(module, SectionId.Table, larger, maxEntries);
}

/** The module with these limits, all in one section and in its order, given another maximum. */
function withMaximums(module: Module, id: number, limits: readonly Limits[], max: number): Uint8Array {
  const { bytes } = module;
  const section = sectionOf(module, id)!;
  const content = new Writer(section.end - section.start + 8 * limits.length);
  let copied = section.start;
  for (const one of limits) {
    content.copy(bytes, copied, one.range.start);
    writeLimits(content, { ...one, max });
    copied = one.range.end;
  }
  content.copy(bytes, copied, section.end);
  const out = new Writer(bytes.length + 8 + 8 * limits.length);
  out.copy(bytes, 0, section.header);
  out.section(id, content);
  out.copy(bytes, section.end, bytes.length);
  return out.finish();
}

/** Encode the limits of a 32-bit memory or of a table. */
export function writeLimits(out: Writer, limits: Pick<Limits, 'min' | 'max' | 'shared'>): void {
  out.byte((limits.max === undefined ? 0 : 1) | (limits.shared ? 2 : 0));
  out.unsigned(limits.min);
  if (limits.max !== undefined) out.unsigned(limits.max);
}
