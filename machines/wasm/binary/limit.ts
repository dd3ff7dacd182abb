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
  return withLimits(module, imported ? SectionId.Import : SectionId.Memory, [{ ...limits, max: maxPages }]);
}

/**
 * The module with the maximums of its own tables set so that all together have at most `maxEntries`: a table is memory of
 * the host, up to 32 bytes an entry, and a module can have a hundred thousand tables. Each may grow by the same number of
 * entries. Answers the same bytes where nothing has to change. Throws INVALID where they begin larger.
 */
export function limitTables(source: Uint8Array | Module, maxEntries: number): Uint8Array {
  const module = decoded(source);
  const own = module.tables.filter(table => !table.imported).map(table => table.limits);
  if (own.length === 0) return module.bytes;
  const needed = own.reduce((sum, { min }) => sum + min, 0);
  if (needed > maxEntries) {
    const tables = own.length === 1 ? `a table of ${needed} entries` : `${own.length} tables of ${needed} entries`;
    throw new TroupeError(
      `this WebAssembly module has ${tables}, but only ${maxEntries} are allowed. Build it with ` +
        `${own.length === 1 ? 'a smaller table' : 'smaller tables'}.`,
      { kind: 'INVALID', retryable: false, details: { needed, allowed: maxEntries } },
    );
  }
  const growth = Math.floor((maxEntries - needed) / own.length);
  const larger = own.filter(({ min, max }) => max === undefined || max > min + growth);
  if (larger.length === 0) return module.bytes;
  return withLimits(
    module,
    SectionId.Table,
    larger.map(limits => ({ ...limits, max: limits.min + growth })),
  );
}

/** The module with these limits, all of one section and in its order, written where others stood. */
function withLimits(module: Module, id: number, limits: readonly Limits[]): Uint8Array {
  const { bytes } = module;
  const section = sectionOf(module, id)!;
  const content = new Writer(section.end - section.start + 8 * limits.length);
  let copied = section.start;
  for (const one of limits) {
    content.copy(bytes, copied, one.range.start);
    writeLimits(content, one);
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
