/**
 * A guest's linear memory as the host reads and writes it. Every address comes from the guest and is worth nothing until
 * it was checked here; nothing here throws.
 */

/** Longest text worth remembering: PIDs, registered names and topics. */
const MAX_CACHED = 64;
const CACHE_SLOTS = 512;

/** Texts that guests sent lately, by hash: a PID or a topic comes as the same string object again and again. */
const cache: string[] = new Array(CACHE_SLOTS).fill('');
const NO_MEMORY = new ArrayBuffer(0);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** How many bytes of a memory are the guest's; may change whenever the memory grows. */
export interface Extent {
  readonly guestBytes: number;
}

export class GuestMemory {
  readonly #memory: WebAssembly.Memory | undefined;
  #bytes: Uint8Array;
  #view: DataView;
  readonly #extent: Extent | undefined;

  /**
   * `undefined`: a module without a memory; every address is outside. `extent` says how much of it is the guest's: what lies
   * behind is the host's, and no address there is the guest's to give.
   */
  constructor(memory: WebAssembly.Memory | undefined, extent?: Extent) {
    this.#memory = memory;
    this.#extent = extent;
    const buffer = memory?.buffer ?? NO_MEMORY;
    const length = extent?.guestBytes ?? buffer.byteLength;
    this.#bytes = new Uint8Array(buffer, 0, length);
    this.#view = new DataView(buffer, 0, length);
  }

  /** The whole memory; replaced when the guest grows it, so not to be kept. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  /** The same bytes for numbers of any type; replaced as they are. */
  get view(): DataView {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view;
  }

  /** Growing detaches the old buffer, whose length is then 0. */
  #refresh(): void {
    const buffer = this.#memory?.buffer ?? NO_MEMORY;
    if (buffer === this.#bytes.buffer) return;
    const length = this.#extent?.guestBytes ?? buffer.byteLength;
    this.#bytes = new Uint8Array(buffer, 0, length);
    this.#view = new DataView(buffer, 0, length);
  }

  /** Whether `length` bytes at `at` are inside. Both are unsigned. */
  holds(at: number, length: number): boolean {
    return at + length <= this.bytes.length;
  }

  /** The UTF-8 text at `at`; undefined where it is not inside the memory or not UTF-8. Arguments as wasm gives them. */
  text(at: number, length: number): string | undefined {
    at >>>= 0;
    length >>>= 0;
    const bytes = this.bytes;
    if (at + length > bytes.length) return undefined;
    if (length > MAX_CACHED) return decode(bytes, at, length);
    let hash = length;
    let high = 0;
    const end = at + length;
    for (let i = at; i < end; i++) {
      const byte = bytes[i];
      high |= byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    if (high > 127) return decode(bytes, at, length);
    const slot = (hash ^ (hash >>> 9)) & (CACHE_SLOTS - 1);
    const known = cache[slot];
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[at + i]) i++;
      if (i === length) return known;
    }
    const text = String.fromCharCode.apply(null, bytes.subarray(at, end) as unknown as number[]);
    cache[slot] = text;
    return text;
  }

  /** An AssemblyScript string: UTF-16 units whose length in bytes stands before them; undefined where there is none. */
  utf16(at: number): string | undefined {
    at >>>= 0;
    if (at < 4 || !this.holds(at, 0)) return undefined;
    const length = this.readWord(at - 4);
    return this.holds(at, length) ? Buffer.from(this.bytes.subarray(at, at + length)).toString('utf16le') : undefined;
  }

  /** A private copy of the bytes at `at`; undefined where they are not inside the memory. */
  copy(at: number, length: number): Uint8Array | undefined {
    at >>>= 0;
    length >>>= 0;
    const bytes = this.bytes;
    return at + length > bytes.length ? undefined : bytes.slice(at, at + length);
  }

  /** The caller has checked `holds`. */
  write(at: number, bytes: Uint8Array, length = bytes.length): void {
    const target = this.bytes;
    if (length > 48) {
      target.set(length === bytes.length ? bytes : bytes.subarray(0, length), at);
      return;
    }
    for (let i = 0; i < length; i++) target[at + i] = bytes[i];
  }

  /** The five little-endian words of a record. The caller has checked `holds`. */
  writeHeader(at: number, kind: number, topic: number, from: number, payload: number, extra: number): void {
    if (this.#bytes.length === 0) this.#refresh();
    const view = this.#view;
    view.setInt32(at, kind, true);
    view.setInt32(at + 4, topic, true);
    view.setInt32(at + 8, from, true);
    view.setInt32(at + 12, payload, true);
    view.setInt32(at + 16, extra, true);
  }

  /** Three little-endian words. The caller has checked `holds`. */
  writeWords(at: number, first: number, second: number, third: number): void {
    if (this.#bytes.length === 0) this.#refresh();
    const view = this.#view;
    view.setInt32(at, first, true);
    view.setInt32(at + 4, second, true);
    view.setInt32(at + 8, third, true);
  }

  /** The caller has checked `holds`. */
  readWord(at: number): number {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view.getUint32(at, true);
  }

  /** Text as UTF-8; `length` is what `textLength` said. The caller has checked `holds`. */
  writeText(at: number, text: string, length: number): void {
    const target = this.bytes;
    if (length !== text.length) {
      target.set(Buffer.from(text, 'utf8'), at);
    } else if (length > 256) {
      target.set(Buffer.from(text, 'latin1'), at);
    } else {
      for (let i = 0; i < length; i++) target[at + i] = text.charCodeAt(i);
    }
  }
}

/** Bytes of `text` as UTF-8. Equal to `text.length` exactly where it is ASCII. */
export function textLength(text: string): number {
  const length = text.length;
  if (length > 256) return Buffer.byteLength(text, 'utf8');
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 127) return Buffer.byteLength(text, 'utf8');
  return length;
}

function decode(bytes: Uint8Array, at: number, length: number): string | undefined {
  try {
    return decoder.decode(bytes.subarray(at, at + length));
  } catch {
    return undefined;
  }
}
