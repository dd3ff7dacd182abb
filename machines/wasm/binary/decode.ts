import { Instructions } from './instructions.ts';
import {
  type Constant,
  type DataSegment,
  type ElementSegment,
  EXTERNAL_KINDS,
  type Export,
  type FunctionUse,
  type Global,
  type Import,
  type Limits,
  type Memory,
  type Module,
  type Range,
  SECTION_ORDER,
  type Section,
  SectionId,
  type Table,
} from './module.ts';
import { Op } from './opcodes.ts';
import { Reader } from './reader.ts';
import { Feature, refuse } from './unsupported.ts';
import type { FunctionType } from './value_type.ts';

/** Throws `not a WebAssembly module: ...` (INVALID, with the byte's offset) or `Unsupported`. */
export function decodeModule(bytes: Uint8Array): Module {
  return new ModuleDecoder(bytes).decode();
}

/** The same for what may be decoded already, so that a module is read once however many look at it. */
export function decoded(source: Uint8Array | Module): Module {
  return source instanceof Uint8Array ? decodeModule(source) : source;
}

class ModuleDecoder {
  readonly #bytes: Uint8Array;
  readonly #reader: Reader;
  readonly #instructions: Instructions;
  readonly #sections: Section[] = [];
  readonly #types: FunctionType[] = [];
  readonly #imports: Import[] = [];
  readonly #functions: number[] = [];
  readonly #tables: Table[] = [];
  readonly #memories: Memory[] = [];
  readonly #globals: Global[] = [];
  readonly #exports: Export[] = [];
  readonly #elements: ElementSegment[] = [];
  readonly #data: DataSegment[] = [];
  readonly #bodies: Range[] = [];
  #start: number | undefined;
  #tags = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new Reader(bytes);
    this.#instructions = new Instructions(bytes);
  }

  decode(): Module {
    this.#header();
    this.#findSections();
    let importedFunctions = 0;
    for (const section of this.#sections) {
      if (section.id === SectionId.Custom) continue;
      this.#reader.at = section.start;
      this.#reader.end = section.end;
      this.#section(section.id);
      if (section.id === SectionId.Import) importedFunctions = this.#functions.length;
      if (this.#reader.more) this.#reader.fail('extra bytes in a section');
    }
    const defined = this.#functions.length - importedFunctions;
    if (this.#bodies.length !== defined) {
      this.#reader.fail(`${defined} functions are declared but ${this.#bodies.length} have code`, this.#bytes.length);
    }
    return {
      bytes: this.#bytes,
      sections: this.#sections,
      types: this.#types,
      imports: this.#imports,
      functions: this.#functions,
      importedFunctions,
      tables: this.#tables,
      memories: this.#memories,
      globals: this.#globals,
      exports: this.#exports,
      start: this.#start,
      elements: this.#elements,
      data: this.#data,
      bodies: this.#bodies,
      tags: this.#tags > 0,
    };
  }

  #header(): void {
    const reader = this.#reader;
    if (reader.byte() !== 0x00 || reader.byte() !== 0x61 || reader.byte() !== 0x73 || reader.byte() !== 0x6d) {
      reader.fail('it does not begin with the bytes 00 61 73 6d', 0);
    }
    const version = reader.byte() | (reader.byte() << 8);
    const layer = reader.byte() | (reader.byte() << 8);
    if (layer === 1) refuse(Feature.Component, { offset: 6 });
    if (version !== 1 || layer !== 0) reader.fail(`unknown version ${version}`, 4);
  }

  #findSections(): void {
    const reader = this.#reader;
    let position = -1;
    while (reader.more) {
      const header = reader.at;
      const id = reader.byte();
      const size = reader.unsigned();
      const start = reader.at;
      reader.skip(size);
      this.#sections.push({ id, header, start, end: reader.at });
      if (id === SectionId.Custom) continue;
      const next = (SECTION_ORDER as readonly number[]).indexOf(id);
      if (next < 0) reader.fail(`unknown section ${id}`, header);
      if (next <= position) reader.fail(`section ${id} stands twice or out of order`, header);
      position = next;
    }
  }

  #section(id: number): void {
    const reader = this.#reader;
    switch (id) {
      case SectionId.Type:
        for (let n = reader.count(); n > 0; n--) this.#types.push(this.#functionType());
        break;
      case SectionId.Import:
        for (let n = reader.count(); n > 0; n--) this.#import();
        break;
      case SectionId.Function:
        for (let n = reader.count(); n > 0; n--) this.#functions.push(this.#typeIndex());
        break;
      case SectionId.Table:
        for (let n = reader.count(); n > 0; n--) this.#tables.push(this.#table(false));
        break;
      case SectionId.Memory:
        for (let n = reader.count(); n > 0; n--) this.#memories.push({ limits: this.#limits(), imported: false });
        break;
      case SectionId.Global:
        for (let n = reader.count(); n > 0; n--) this.#globals.push(this.#global(false));
        break;
      case SectionId.Export:
        for (let n = reader.count(); n > 0; n--) this.#export();
        break;
      case SectionId.Start:
        this.#start = this.#index(this.#functions.length, 'function');
        break;
      case SectionId.Element:
        for (let n = reader.count(); n > 0; n--) this.#elements.push(this.#element());
        break;
      case SectionId.Code:
        for (let n = reader.count(); n > 0; n--) {
          const size = reader.unsigned();
          const start = reader.at;
          reader.skip(size);
          this.#bodies.push({ start, end: reader.at });
        }
        break;
      case SectionId.Data:
        for (let n = reader.count(); n > 0; n--) this.#data.push(this.#dataSegment());
        break;
      case SectionId.Tag:
        for (let n = reader.count(); n > 0; n--) this.#tag();
        break;
      case SectionId.DataCount:
        reader.unsigned();
        break;
    }
  }

  #index(count: number, what: string): number {
    const at = this.#reader.at;
    const index = this.#reader.unsigned();
    if (index >= count) this.#reader.fail(`${what} ${index} does not exist`, at);
    return index;
  }

  #typeIndex(): number {
    return this.#index(this.#types.length, 'type');
  }

  #functionType(): FunctionType {
    const reader = this.#reader;
    const offset = reader.at;
    const form = reader.byte();
    if (form >= 0x4e && form <= 0x5f) refuse(Feature.Gc, { offset });
    if (form !== 0x60) reader.fail(`unknown kind of type 0x${form.toString(16)}`, offset);
    const params: number[] = [];
    for (let n = reader.count(); n > 0; n--) params.push(reader.valueType());
    const results: number[] = [];
    for (let n = reader.count(); n > 0; n--) results.push(reader.valueType());
    return { params, results };
  }

  #limits(): Limits {
    const reader = this.#reader;
    const start = reader.at;
    const flags = reader.byte();
    if (flags > 7) reader.fail(`unknown limits 0x${flags.toString(16)}`, start);
    const wide = (flags & 4) !== 0;
    const min = wide ? reader.unsigned64() : reader.unsigned();
    const max = flags & 1 ? (wide ? reader.unsigned64() : reader.unsigned()) : undefined;
    return { min, max, shared: (flags & 2) !== 0, wide, range: { start, end: reader.at } };
  }

  #table(imported: boolean): Table {
    const reader = this.#reader;
    const offset = reader.at;
    if (reader.more && reader.bytes[offset] === 0x40) refuse(Feature.TableInit, { offset });
    const type = reader.valueType();
    const limits = this.#limits();
    if (limits.wide) refuse(Feature.Table64, { offset });
    return { type, limits, imported };
  }

  #global(imported: boolean): Global {
    const reader = this.#reader;
    const start = reader.at;
    const type = reader.valueType();
    const mutable = reader.byte() === 1;
    const range = { start, end: reader.at };
    return { type, mutable, imported, range, initial: imported ? undefined : this.#constant() };
  }

  #tag(): void {
    this.#reader.byte();
    this.#typeIndex();
    this.#tags++;
  }

  #import(): void {
    const reader = this.#reader;
    const module = reader.name();
    const name = reader.name();
    const offset = reader.at;
    const kind = reader.byte();
    let index = 0;
    switch (kind) {
      case 0:
        index = this.#functions.push(this.#typeIndex()) - 1;
        break;
      case 1:
        index = this.#tables.push(this.#table(true)) - 1;
        break;
      case 2:
        index = this.#memories.push({ limits: this.#limits(), imported: true }) - 1;
        break;
      case 3:
        index = this.#globals.push(this.#global(true)) - 1;
        break;
      case 4:
        this.#tag();
        index = this.#tags - 1;
        break;
      default:
        reader.fail(`unknown kind of import ${kind}`, offset);
    }
    this.#imports.push({ module, name, kind: EXTERNAL_KINDS[kind], index });
  }

  #export(): void {
    const reader = this.#reader;
    const name = reader.name();
    const offset = reader.at;
    const kind = EXTERNAL_KINDS[reader.byte()];
    if (kind === undefined) reader.fail('unknown kind of export', offset);
    const counts = {
      function: this.#functions.length,
      table: this.#tables.length,
      memory: this.#memories.length,
      global: this.#globals.length,
      tag: this.#tags,
    };
    this.#exports.push({ name, kind, index: this.#index(counts[kind], kind) });
  }

  #constant(): Constant {
    const reader = this.#reader;
    const instructions = this.#instructions;
    const start = reader.at;
    const functions: FunctionUse[] = [];
    instructions.open(start, reader.end);
    for (;;) {
      if (!instructions.next()) reader.fail('a constant expression without end', start);
      if (instructions.op === Op.End) break;
      if (instructions.op === Op.RefFunc) {
        functions.push({ start: instructions.start, end: instructions.end, index: this.#functionUse(instructions) });
      }
    }
    reader.at = instructions.end;
    return { start, end: reader.at, functions };
  }

  #functionUse(instructions: Instructions): number {
    const index = instructions.first;
    if (index >= this.#functions.length) this.#reader.fail(`function ${index} does not exist`, instructions.start);
    return index;
  }

  #dataSegment(): DataSegment {
    const reader = this.#reader;
    const at = reader.at;
    const flags = reader.unsigned();
    if (flags > 2) reader.fail(`unknown data segment ${flags}`, at);
    if (flags === 2) reader.unsigned();
    const offset = flags === 1 ? undefined : this.#constant();
    const length = reader.unsigned();
    const start = reader.at;
    reader.skip(length);
    return { content: { start, end: reader.at }, offset };
  }

  /** A byte: a reference type, or 0 before function indices. Types of newer proposals are longer. */
  #elementKind(expressions: boolean): number {
    if (expressions) return this.#reader.valueType();
    const offset = this.#reader.at;
    const kind = this.#reader.byte();
    if (kind !== 0) this.#reader.fail(`unknown kind of element segment ${kind}`, offset);
    return kind;
  }

  #element(): ElementSegment {
    const reader = this.#reader;
    const at = reader.at;
    const flags = reader.unsigned();
    if (flags > 7) reader.fail(`unknown element segment ${flags}`, at);
    const active = (flags & 1) === 0;
    const table = active && flags & 2 ? reader.unsigned() : 0;
    const offset = active ? this.#constant() : undefined;
    const kind = flags & 3 ? this.#elementKind((flags & 4) !== 0) : undefined;
    if (flags & 4) {
      const expressions: Constant[] = [];
      for (let n = reader.count(); n > 0; n--) expressions.push(this.#constant());
      return { flags, table, offset, kind, functions: undefined, expressions };
    }
    const functions: number[] = [];
    for (let n = reader.count(); n > 0; n--) functions.push(this.#index(this.#functions.length, 'function'));
    return { flags, table, offset, kind, functions, expressions: undefined };
  }
}
