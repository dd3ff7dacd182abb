import { TroupeError } from '../../../runtime/errors.ts';
import { Feature, refuse } from './unsupported.ts';
import { isValueType } from './value_type.ts';

// A byte-order mark is part of a name in WebAssembly, so it must survive decoding.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** What every malformed binary ends in. Kind INVALID; `details.offset` is the byte. */
export function notAModule(what: string, offset: number): TroupeError {
  return new TroupeError(`not a WebAssembly module: ${what} at byte ${offset}`, {
    kind: 'INVALID',
    retryable: false,
    place: `byte ${offset}`,
    details: { offset },
  });
}

/** A cursor over a range of a binary. Every read past `end` throws `not a WebAssembly module: ...`. */
export class Reader {
  readonly bytes: Uint8Array;
  /** Offset of the next byte, from the start of `bytes`. */
  at: number;
  end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get more(): boolean {
    return this.at < this.end;
  }

  fail(what: string, offset = this.at): never {
    throw notAModule(what, offset);
  }

  byte(): number {
    if (this.at >= this.end) this.fail('unexpected end');
    return this.bytes[this.at++];
  }

  /** Unsigned LEB128 of 32 bits. */
  unsigned(): number {
    if (this.at >= this.end) this.fail('unexpected end');
    let byte = this.bytes[this.at++];
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; ; shift += 7) {
      if (shift > 28) this.fail('a number longer than 32 bits');
      byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Unsigned LEB128 of 64 bits, as a double: exact to 2^53, which is more than any memory has pages. */
  unsigned64(): number {
    let value = 0;
    for (let scale = 1, count = 0; ; scale *= 128, count++) {
      if (count > 9) this.fail('a number longer than 64 bits');
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Signed LEB128 of 33 bits: a block type. Negative values are value types or "nothing" (-64). */
  blockType(): number {
    // No module has 2^31 types, so 32 bits are enough.
    return this.signed();
  }

  /** Signed LEB128 of 32 bits. */
  signed(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 28) this.fail('a number longer than 32 bits');
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return byte & 0x40 && shift < 28 ? value | (-1 << (shift + 7)) : value;
    }
  }

  /** Step over a LEB128 of any kind. */
  skipNumber(): void {
    for (let count = 0; this.byte() >= 0x80; count++) if (count > 9) this.fail('a number longer than 64 bits');
  }

  skip(count: number): void {
    if (count > this.end - this.at) this.fail('unexpected end');
    this.at += count;
  }

  /** A count of things that take at least one byte each. */
  count(): number {
    const at = this.at;
    const count = this.unsigned();
    if (count > this.end - this.at) this.fail(`a list of ${count} that does not fit`, at);
    return count;
  }

  valueType(): number {
    const offset = this.at;
    const type = this.byte();
    if (isValueType(type)) return type;
    if (type >= 0x63 && type <= 0x74) refuse(Feature.Gc, { offset });
    return this.fail(`unknown value type 0x${type.toString(16)}`, offset);
  }

  name(): string {
    const length = this.unsigned();
    const start = this.at;
    this.skip(length);
    try {
      return utf8.decode(this.bytes.subarray(start, this.at));
    } catch {
      return this.fail('a name that is not UTF-8', start);
    }
  }
}
