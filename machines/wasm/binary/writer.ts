const utf8 = new TextEncoder();

/** A growing byte buffer with the encodings of the WebAssembly binary format. Can be cleared and used again. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(Math.max(16, capacity));
  }

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, needed));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  byte(value: number): void {
    if (this.#length >= this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  raw(values: readonly number[]): void {
    this.#reserve(values.length);
    for (let i = 0; i < values.length; i++) this.#bytes[this.#length++] = values[i];
  }

  /** Copy `source[start, end)`. */
  copy(source: Uint8Array, start = 0, end = source.length): void {
    this.#reserve(end - start);
    // For the few bytes of an instruction a loop is faster than making a view.
    if (end - start > 48) {
      this.#bytes.set(source.subarray(start, end), this.#length);
      this.#length += end - start;
    } else {
      for (let i = start; i < end; i++) this.#bytes[this.#length++] = source[i];
    }
  }

  append(other: Writer): void {
    this.copy(other.#bytes, 0, other.#length);
  }

  /** Unsigned LEB128; `value` is taken modulo 2^32. */
  unsigned(value: number): void {
    this.#reserve(5);
    value >>>= 0;
    while (value > 0x7f) {
      this.#bytes[this.#length++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.#bytes[this.#length++] = value;
  }

  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    this.#reserve(5);
    value |= 0;
    for (;;) {
      const low = value & 0x7f;
      value >>= 7;
      if ((value === 0 && !(low & 0x40)) || (value === -1 && low & 0x40)) {
        this.#bytes[this.#length++] = low;
        return;
      }
      this.#bytes[this.#length++] = low | 0x80;
    }
  }

  name(text: string): void {
    const encoded = utf8.encode(text);
    this.unsigned(encoded.length);
    this.copy(encoded);
  }

  /** A section: id, length, content. */
  section(id: number, content: Writer): void {
    this.byte(id);
    this.unsigned(content.length);
    this.append(content);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
