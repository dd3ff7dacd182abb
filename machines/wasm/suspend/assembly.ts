/** Puts the transformed module together, section by section. */
import { writeLimits } from '../binary/limit.ts';
import {
  type Constant,
  type ElementSegment,
  type Export,
  type ExternalKind,
  EXTERNAL_KINDS,
  type Module,
  SECTION_ORDER,
  type Section,
  SectionId,
  sectionOf,
} from '../binary/module.ts';
import { Op } from '../binary/opcodes.ts';
import { Reader } from '../binary/reader.ts';
import { ValueType } from '../binary/value_type.ts';
import { Writer } from '../binary/writer.ts';
import type { Additions } from './additions.ts';
import { MAX_PAGES } from './control.ts';

export interface NewModule {
  readonly additions: Additions;
  /** Bodies of the module's own functions, each with its size. */
  readonly bodies: Writer;
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  /** Functions that `ref.func` names in code: they must be declared outside of it. */
  readonly referenced: ReadonlySet<number>;
  /** Pages by which a stated maximum of the memory grows. */
  readonly extraPages: number;
}

export function assemble(module: Module, changed: NewModule): Uint8Array {
  const { additions } = changed;
  const out = new Writer(Math.ceil(module.bytes.length * 1.3) + changed.bodies.length + 1024);
  out.copy(module.bytes, 0, 8);
  for (const id of SECTION_ORDER) {
    const section = sectionOf(module, id);
    const content = rewriteSection(module, id, section, changed, additions);
    if (id === SectionId.Export) out.section(id, exportSection(changed.exports));
    else if (id === SectionId.Start && changed.start === undefined) continue;
    else if (content !== undefined) out.section(id, content);
    else if (section !== undefined) out.copy(module.bytes, section.header, section.end);
  }
  // Of the custom sections only the names stay true: nothing is renumbered, but code offsets change.
  for (const section of module.sections) {
    if (section.id === SectionId.Custom && isNameSection(module, section)) {
      out.copy(module.bytes, section.header, section.end);
    }
  }
  return out.finish();
}

function isNameSection(module: Module, section: Section): boolean {
  try {
    return new Reader(module.bytes, section.start, section.end).name() === 'name';
  } catch {
    return false;
  }
}

/** The new content of a section, undefined where it stays as it is (or away). */
function rewriteSection(
  module: Module,
  id: number,
  section: Section | undefined,
  changed: NewModule,
  additions: Additions,
): Writer | undefined {
  switch (id) {
    case SectionId.Type:
      return typeSection(module, section, additions);
    case SectionId.Import:
      return module.memories[0]?.imported ? withLargerMemory(module, section!, changed, additions) : undefined;
    case SectionId.Function:
      return functionSection(module, section, additions);
    case SectionId.Memory:
      if (module.memories.length === 0) return memoryForArea(additions);
      return section && withLargerMemory(module, section, changed, additions);
    case SectionId.Global:
      return globalSection(module, additions);
    case SectionId.Element:
      return elementSection(module, changed, additions);
    case SectionId.Code:
      return codeSection(module, changed, additions);
    default:
      return undefined;
  }
}

/** Begin a list of `count` more items than the section has, with the old ones copied. */
function extendedList(module: Module, section: Section | undefined, oldCount: number, more: number): Writer {
  const out = new Writer(section === undefined ? 64 : section.end - section.start + 64);
  out.unsigned(oldCount + more);
  if (section !== undefined) {
    const reader = new Reader(module.bytes, section.start, section.end);
    reader.unsigned();
    out.copy(module.bytes, reader.at, section.end);
  }
  return out;
}

function typeSection(module: Module, section: Section | undefined, additions: Additions): Writer {
  const { list, original } = additions.types;
  const out = extendedList(module, section, original, list.length - original);
  for (let i = original; i < list.length; i++) {
    out.byte(0x60);
    for (const types of [list[i].params, list[i].results]) {
      out.unsigned(types.length);
      out.raw(types);
    }
  }
  return out;
}

function functionSection(module: Module, section: Section | undefined, additions: Additions): Writer {
  const out = extendedList(module, section, module.bodies.length, additions.functions.length);
  for (const added of additions.functions) out.unsigned(added.type);
  return out;
}

function codeSection(module: Module, changed: NewModule, additions: Additions): Writer {
  const { bodies } = changed;
  const out = new Writer(bodies.length + 4096);
  out.unsigned(module.bodies.length + additions.functions.length);
  out.append(bodies);
  for (const added of additions.functions) {
    out.unsigned(added.body.length);
    out.copy(added.body);
  }
  return out;
}

/** A module without memory is given one that holds nothing but the area. */
function memoryForArea(additions: Additions): Writer {
  const out = new Writer(8);
  out.unsigned(1);
  writeLimits(out, { min: additions.builtInPages, max: undefined, shared: false });
  return out;
}

function withLargerMemory(module: Module, section: Section, changed: NewModule, additions: Additions): Writer {
  const { limits } = module.memories[0];
  const extraPages = Math.max(changed.extraPages, additions.builtInPages);
  const min = limits.min + additions.builtInPages;
  const max = limits.max === undefined ? undefined : Math.min(MAX_PAGES, limits.max + extraPages);
  const out = new Writer(section.end - section.start + 8);
  out.copy(module.bytes, section.start, limits.range.start);
  writeLimits(out, { min, max, shared: limits.shared });
  out.copy(module.bytes, limits.range.end, section.end);
  return out;
}

function globalSection(module: Module, additions: Additions): Writer {
  const own = module.globals.filter(global => !global.imported);
  const out = new Writer(1024);
  out.unsigned(own.length + additions.globalCount);
  for (const global of own) {
    out.copy(module.bytes, global.range.start, global.range.end);
    writeConstant(out, module, global.initial!, additions);
  }
  for (const value of additions.initialValues) {
    out.raw([ValueType.I32, 1, Op.I32Const]);
    out.signed(value);
    out.byte(Op.End);
  }
  return out;
}

function writeConstant(out: Writer, module: Module, constant: Constant, additions: Additions): void {
  let copied = constant.start;
  for (const use of constant.functions) {
    out.copy(module.bytes, copied, use.start);
    out.byte(Op.RefFunc);
    out.unsigned(additions.replacement(use.index));
    copied = use.end;
  }
  out.copy(module.bytes, copied, constant.end);
}

const KIND_CODES = new Map<ExternalKind, number>(EXTERNAL_KINDS.map((kind, code) => [kind, code]));

function exportSection(exports: readonly Export[]): Writer {
  const out = new Writer(1024);
  out.unsigned(exports.length);
  for (const entry of exports) {
    out.name(entry.name);
    out.byte(KIND_CODES.get(entry.kind)!);
    out.unsigned(entry.index);
  }
  return out;
}

/** Flags, kind and type of a segment that only declares functions. */
const DECLARATION = [3, 0];

function elementSection(module: Module, changed: NewModule, additions: Additions): Writer | undefined {
  const { referenced } = changed;
  if (module.elements.length === 0 && referenced.size === 0) return undefined;
  const out = new Writer(1024);
  out.unsigned(module.elements.length + (referenced.size > 0 ? 1 : 0));
  for (const segment of module.elements) writeSegment(out, module, segment, additions);
  // An exported function counts as declared; where a wrapper is exported in its place this takes over.
  if (referenced.size > 0) {
    out.raw(DECLARATION);
    out.unsigned(referenced.size);
    for (const index of referenced) out.unsigned(additions.replacement(index));
  }
  return out;
}

function writeSegment(out: Writer, module: Module, segment: ElementSegment, additions: Additions): void {
  out.unsigned(segment.flags);
  if (segment.offset !== undefined) {
    if (segment.flags & 2) out.unsigned(segment.table);
    writeConstant(out, module, segment.offset, additions);
  }
  if (segment.kind !== undefined) out.byte(segment.kind);
  const { functions, expressions } = segment;
  if (expressions !== undefined) {
    out.unsigned(expressions.length);
    for (const expression of expressions) writeConstant(out, module, expression, additions);
  } else if (functions !== undefined) {
    out.unsigned(functions.length);
    for (const index of functions) out.unsigned(additions.replacement(index));
  }
}
