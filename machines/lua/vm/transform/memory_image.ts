import type { Module } from '../../../wasm/binary/module.ts';
import { Op } from '../../../wasm/binary/opcodes.ts';
import { Reader } from '../../../wasm/binary/reader.ts';
import { check } from './refusal.ts';

const latin1 = new TextDecoder('latin1');

/** Where emscripten puts the first thing of a program; below it is page zero, which nothing uses. */
const GLOBAL_BASE = 1024;

/** The name and table slot of a C function that a library registers (`luaL_Reg`). */
export interface Registration {
  readonly name: string;
  readonly slot: number;
}

/**
 * Memory as it is when the binary starts. Strings and tables are read from here and never from a single data segment:
 * the linker splits segments wherever there are enough zeros, even in the middle of a table.
 */
export class MemoryImage {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(module: Module) {
    const segments = module.data.map(segment => {
      check(segment.offset !== undefined, 'it has passive data segments');
      return { at: constantOf(module, segment.offset.start), content: segment.content };
    });
    check(segments.length > 0 && segments.every(segment => segment.at >= GLOBAL_BASE), 'it uses page zero');
    const end = Math.max(...segments.map(({ at, content }) => at + content.end - content.start));
    this.#bytes = new Uint8Array(end + 8);
    for (const { at, content } of segments) this.#bytes.set(module.bytes.subarray(content.start, content.end), at);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Address of a C string that stands there exactly once, and not as the end of another one. */
  addressOf(text: string): number {
    const wanted = Buffer.from(`\0${text}\0`, 'latin1');
    const bytes = Buffer.from(this.#bytes.buffer);
    const at = bytes.indexOf(wanted);
    check(at >= 0 && bytes.indexOf(wanted, at + 1) < 0, `the text "${text}" does not stand in it exactly once`);
    return at + 1;
  }

  /** The one list of registrations that begins with these two names. Slots of 0 are placeholders for other values. */
  registrations(first: string, second: string): Registration[] {
    const found: number[] = [];
    for (let at = GLOBAL_BASE; at + 16 <= this.#bytes.length; at += 4) {
      if (this.#isText(this.#word(at), first) && this.#isText(this.#word(at + 8), second)) found.push(at);
    }
    check(found.length === 1, `the functions "${first}", "${second}", ... are registered in ${found.length} places`);
    const list: Registration[] = [];
    for (let at = found[0]; this.#word(at) !== 0; at += 8) {
      list.push({ name: this.#text(this.#word(at)), slot: this.#word(at + 4) });
    }
    return list;
  }

  #word(at: number): number {
    return at >= 0 && at + 4 <= this.#bytes.length ? this.#view.getUint32(at, true) : 0;
  }

  #isText(at: number, text: string): boolean {
    if (at < GLOBAL_BASE || at + text.length >= this.#bytes.length) return false;
    for (let i = 0; i < text.length; i++) if (this.#bytes[at + i] !== text.charCodeAt(i)) return false;
    return this.#bytes[at + text.length] === 0;
  }

  #text(at: number): string {
    return latin1.decode(this.#bytes.subarray(at, this.#bytes.indexOf(0, at)));
  }
}

/** The value of a constant expression that is one `i32.const`. */
export function constantOf(module: Module, start: number): number {
  check(module.bytes[start] === Op.I32Const, 'a segment has an address that is not a constant');
  return new Reader(module.bytes, start + 1).signed();
}
