/**
 * A WebAssembly module that is changed by splicing bytes. Existing code is edited in place, and everything new is
 * appended: functions, types, globals, exports, table slots. So no index ever changes, nothing has to be renumbered, and
 * what is not edited stays as it was, byte for byte.
 */
import { decodeModule } from '../../../wasm/binary/decode.ts';
import { readLocals } from '../../../wasm/binary/locals.ts';
import { type Module, type Section, SectionId, sectionOf } from '../../../wasm/binary/module.ts';
import { type FunctionType, ValueType } from '../../../wasm/binary/value_type.ts';
import { Writer } from '../../../wasm/binary/writer.ts';
import { type Bytes, signed, unsigned } from './assemble.ts';
import { decodeInstructions, type Instruction } from './instruction.ts';
import { constantOf, MemoryImage } from './memory_image.ts';
import { check, refusal } from './refusal.ts';

/** `deleted` bytes from offset `at` on are replaced. */
interface Splice {
  readonly at: number;
  readonly deleted: number;
  readonly inserted: Bytes | Uint8Array;
}

interface NewFunction {
  readonly type: number;
  /** Local declarations and code. */
  readonly body: Bytes | Uint8Array;
}

/** Kinds of exports. */
const Kind = { Function: 0, Global: 3 } as const;

const FUNCTION_TYPE = 0x60;
const FUNCREF = 0x70;
const MUTABLE = 1;
const END = 0x0b;

export class WasmModule {
  readonly module: Module;
  readonly image: MemoryImage;
  /** Functions by table slot, as the binary begins. */
  readonly slots: ReadonlyMap<number, number>;
  /** Functions by the name they are exported under. */
  readonly exports: ReadonlyMap<string, number>;
  readonly #decoded = new Map<number, readonly Instruction[]>();
  readonly #types: FunctionType[];
  readonly #splices = new Map<number, Splice[]>();
  readonly #newLocals = new Map<number, number>();
  readonly #newFunctions: NewFunction[] = [];
  readonly #newGlobals: number[] = [];
  readonly #newExports: { readonly name: string; readonly kind: number; readonly index: number }[] = [];
  /** Functions for new table slots; undefined: the slot stays empty. */
  readonly #newSlots: (number | undefined)[] = [];
  readonly #newData: { readonly at: number; readonly content: Uint8Array }[] = [];
  readonly #newTags: number[] = [];
  #memoryMaximum: number | undefined;

  /** Throws where `bytes` is no module, or one with features that Lua's binary does not have. */
  constructor(bytes: Uint8Array) {
    const module = decodeModule(bytes);
    this.module = module;
    check(!module.tags, 'it has exception tags already');
    check(module.tables.length === 1 && !module.tables[0].imported, 'it has no table of its own');
    check(module.memories.length === 1 && !module.memories[0].imported, 'it has no memory of its own');
    this.#types = [...module.types];
    this.image = new MemoryImage(module);
    const slots = new Map<number, number>();
    for (const segment of module.elements) {
      check(segment.functions !== undefined && segment.offset !== undefined, 'it has unusual element segments');
      const base = constantOf(module, segment.offset.start);
      segment.functions.forEach((fn, i) => {
        slots.set(base + i, fn);
      });
    }
    this.slots = slots;
    this.exports = new Map(module.exports.filter(e => e.kind === 'function').map(e => [e.name, e.index]));
  }

  /** Indices of the functions that are not imported. */
  get functions(): number[] {
    const { importedFunctions, functions } = this.module;
    return Array.from({ length: functions.length - importedFunctions }, (_, i) => importedFunctions + i);
  }

  /** How many functions there are, new ones included. */
  get functionCount(): number {
    return this.module.functions.length + this.#newFunctions.length;
  }

  /** How many edits were made, and in how many functions. */
  get edits(): { readonly edits: number; readonly functions: number } {
    const splices = [...this.#splices.values()];
    return { edits: splices.reduce((sum, list) => sum + list.length, 0), functions: splices.length };
  }

  /** The function exported as `name`. Throws where there is none. */
  exported(name: string): number {
    const index = this.exports.get(name);
    if (index === undefined) throw refusal(`it exports no function "${name}"`);
    return index;
  }

  imported(module: string, name: string): number {
    const found = this.module.imports.find(e => e.kind === 'function' && e.module === module && e.name === name);
    if (found === undefined) throw refusal(`it does not import "${module}.${name}"`);
    return found.index;
  }

  /** Type of a function, as in `iii:i` (parameters and results: i I f F for i32 i64 f32 f64). */
  signature(fn: number): string {
    return signatureOf(this.module.types[this.module.functions[fn]]);
  }

  instructions(fn: number): readonly Instruction[] {
    let decoded = this.#decoded.get(fn);
    if (decoded === undefined) {
      const body = this.#body(fn);
      decoded = decodeInstructions(this.module.bytes, readLocals(this.module.bytes, body, []), body.end);
      this.#decoded.set(fn, decoded);
    }
    return decoded;
  }

  /** Replace `deleted` bytes of the function's code from byte `at` of the module on. Edits at one place keep their order. */
  splice(fn: number, at: number, deleted: number, inserted: Bytes): void {
    let list = this.#splices.get(fn);
    if (list === undefined) this.#splices.set(fn, (list = []));
    list.push({ at, deleted, inserted });
  }

  /** Another i32 local in an existing function; answers its index. */
  addLocal(fn: number): number {
    const known: number[] = [...this.module.types[this.module.functions[fn]].params];
    readLocals(this.module.bytes, this.#body(fn), known);
    const added = this.#newLocals.get(fn) ?? 0;
    this.#newLocals.set(fn, added + 1);
    return known.length + added;
  }

  /** Index of a type, added where there is none like it. */
  addType(type: FunctionType): number {
    const wanted = signatureOf(type);
    const index = this.#types.findIndex(known => signatureOf(known) === wanted);
    return index >= 0 ? index : this.#types.push(type) - 1;
  }

  /** Index of the type with so many parameters and results, all i32. */
  addWordType(params: number, results: number): number {
    const words = (count: number): number[] => Array<number>(count).fill(ValueType.I32);
    return this.addType({ params: words(params), results: words(results) });
  }

  /** A new function on i32 values. `body` leaves the result on the stack. Answers its index. */
  addFunction(shape: { params: number; results: number; locals?: number }, body: Bytes): number {
    const { params, results, locals = 0 } = shape;
    const declared = locals === 0 ? [0] : [1, ...unsigned(locals), ValueType.I32];
    return this.addBody(this.addWordType(params, results), [...declared, ...body, END]);
  }

  /** A new function from its local declarations and code. */
  addBody(type: number, body: Bytes | Uint8Array): number {
    this.#newFunctions.push({ type, body });
    return this.functionCount - 1;
  }

  /** A new mutable i32 global; answers its index. */
  addGlobal(initial: number): number {
    this.#newGlobals.push(initial);
    return this.module.globals.length + this.#newGlobals.length - 1;
  }

  exportFunction(name: string, index: number): void {
    this.#newExports.push({ name, kind: Kind.Function, index });
  }

  exportGlobal(name: string, index: number): void {
    this.#newExports.push({ name, kind: Kind.Global, index });
  }

  /** An exception tag that carries one i32; answers its index. */
  addTag(): number {
    this.#newTags.push(this.addWordType(1, 0));
    return this.#newTags.length - 1;
  }

  /** The next slot of the function table; `undefined` leaves it empty. Answers the slot. */
  addSlot(fn: number | undefined): number {
    this.#newSlots.push(fn);
    return this.#tableLimits().min + this.#newSlots.length - 1;
  }

  addData(at: number, content: Uint8Array): void {
    this.#newData.push({ at, content });
  }

  /** In pages of 64 KiB. */
  set memoryMaximum(pages: number) {
    this.#memoryMaximum = pages;
  }

  encode(): Uint8Array {
    const out = new Writer(this.module.bytes.length * 1.1);
    out.copy(this.module.bytes, 0, 8);
    for (const section of this.module.sections) {
      if (section.id === SectionId.Global && this.#newTags.length > 0) out.section(SectionId.Tag, this.#tagSection());
      const content = new Writer(section.end - section.start + 1024);
      this.#section(section, content);
      out.section(section.id, content);
    }
    return out.finish();
  }

  #body(fn: number): { readonly start: number; readonly end: number } {
    const body = this.module.bodies[fn - this.module.importedFunctions];
    check(body !== undefined, `function ${fn} does not exist or is imported`);
    return body;
  }

  #tableLimits(): { readonly min: number } {
    const section = sectionOf(this.module, SectionId.Table)!;
    const { bytes } = this.module;
    check(bytes[section.start] === 1 && bytes[section.start + 1] === FUNCREF, 'its table is unusual');
    check(bytes[section.start + 2] === 0, 'its table has a maximum');
    check(this.slots.size > 0, 'its table is empty');
    return { min: Math.max(...this.slots.keys()) + 1 };
  }

  #section(section: Section, out: Writer): void {
    switch (section.id) {
      case SectionId.Type: {
        const added = this.#types.slice(this.module.types.length);
        this.#extended(section, added.length, out);
        for (const { params, results } of added) {
          out.raw([FUNCTION_TYPE, params.length, ...params, results.length, ...results]);
        }
        break;
      }
      case SectionId.Function:
        this.#extended(section, this.#newFunctions.length, out);
        for (const { type } of this.#newFunctions) out.unsigned(type);
        break;
      case SectionId.Table:
        out.raw([1, FUNCREF, 0, ...unsigned(this.#tableLimits().min + this.#newSlots.length)]);
        break;
      case SectionId.Memory: {
        const { min, max } = this.module.memories[0].limits;
        check(max !== undefined, 'its memory has no maximum');
        out.raw([1, 1, ...unsigned(min), ...unsigned(this.#memoryMaximum ?? max)]);
        break;
      }
      case SectionId.Global:
        this.#extended(section, this.#newGlobals.length, out);
        for (const initial of this.#newGlobals) out.raw([ValueType.I32, MUTABLE, ...constantExpression(initial)]);
        break;
      case SectionId.Export:
        this.#extended(section, this.#newExports.length, out);
        for (const { name, kind, index } of this.#newExports) {
          out.name(name);
          out.byte(kind);
          out.unsigned(index);
        }
        break;
      case SectionId.Element:
        this.#elementSection(section, out);
        break;
      case SectionId.Code:
        this.#codeSection(out);
        break;
      case SectionId.Data:
        this.#extended(section, this.#newData.length, out);
        for (const { at, content } of this.#newData) {
          out.raw([0, ...constantExpression(at)]);
          out.unsigned(content.length);
          out.copy(content);
        }
        break;
      case SectionId.DataCount:
        out.unsigned(this.module.data.length + this.#newData.length);
        break;
      default:
        out.copy(this.module.bytes, section.start, section.end);
    }
  }

  /** A section that is a list, with room for more entries, which the caller writes. */
  #extended(section: Section, more: number, out: Writer): void {
    const { bytes } = this.module;
    let at = section.start;
    let count = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      count |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    out.unsigned(count + more);
    out.copy(bytes, at, section.end);
  }

  #tagSection(): Writer {
    const out = new Writer();
    out.unsigned(this.#newTags.length);
    for (const type of this.#newTags) out.raw([0, ...unsigned(type)]);
    return out;
  }

  #elementSection(section: Section, out: Writer): void {
    const first = this.#tableLimits().min;
    const filled = this.#newSlots.flatMap((fn, i) => (fn === undefined ? [] : [{ slot: first + i, fn }]));
    this.#extended(section, filled.length, out);
    for (const { slot, fn } of filled) out.raw([0, ...constantExpression(slot), 1, ...unsigned(fn)]);
  }

  #codeSection(out: Writer): void {
    const { bodies, importedFunctions } = this.module;
    out.unsigned(bodies.length + this.#newFunctions.length);
    const body = new Writer(65_536);
    for (let i = 0; i < bodies.length; i++) {
      body.clear();
      this.#writeBody(importedFunctions + i, body);
      out.unsigned(body.length);
      out.append(body);
    }
    for (const { body: added } of this.#newFunctions) {
      out.unsigned(added.length);
      if (added instanceof Uint8Array) out.copy(added);
      else out.raw(added);
    }
  }

  #writeBody(fn: number, out: Writer): void {
    const { bytes } = this.module;
    const { start, end } = this.#body(fn);
    const firstInstruction = readLocals(bytes, { start, end }, []);
    const locals = this.#newLocals.get(fn) ?? 0;
    if (locals === 0) {
      out.copy(bytes, start, firstInstruction);
    } else {
      this.#extended({ id: SectionId.Code, header: start, start, end: firstInstruction }, 1, out);
      out.unsigned(locals);
      out.byte(ValueType.I32);
    }
    // The sort is stable: what was inserted first at one place comes first.
    const splices = [...(this.#splices.get(fn) ?? [])].sort(
      (a, b) => a.at - b.at || Math.sign(a.deleted) - Math.sign(b.deleted),
    );
    let at = firstInstruction;
    for (const splice of splices) {
      check(splice.at >= at, `two edits of function ${fn} overlap`);
      out.copy(bytes, at, splice.at);
      out.raw(splice.inserted as Bytes);
      at = splice.at + splice.deleted;
    }
    out.copy(bytes, at, end);
  }
}

function constantExpression(value: number): Bytes {
  return [0x41, ...signed(value), END];
}

const LETTERS: { readonly [type: number]: string } = {
  [ValueType.I32]: 'i',
  [ValueType.I64]: 'I',
  [ValueType.F32]: 'f',
  [ValueType.F64]: 'F',
};

export function signatureOf(type: FunctionType): string {
  const letters = (types: readonly number[]) => types.map(value => LETTERS[value] ?? '?').join('');
  return `${letters(type.params)}:${letters(type.results)}`;
}
