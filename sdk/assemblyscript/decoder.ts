/** What a value is. */
export enum Kind {
  Null,
  Bool,
  Int,
  Float,
  String,
  Bytes,
  List,
  Map,
  Error,
  /** Nothing more to read, or nothing that is MessagePack. */
  End,
}

/**
 * Reads MessagePack: one value after the other. It never traps: where a value is not what was asked for, it sets
 * `failed`, answers zero, "" or an empty list, and so does every read after it.
 *
 *     const decoder = message.decoder();
 *     for (let left = decoder.map(); left > 0; left--) {
 *       const key = decoder.key();
 *       if (key == "id") id = decoder.int();
 *       else decoder.skip();
 *     }
 *     if (decoder.failed) ...
 */
export class Decoder {
  /** Something was not what was asked for; what was read since means nothing. */
  failed: bool = false;
  private at: usize;
  private end: usize;

  /** `buffer` is kept from the garbage collector while it is read. */
  constructor(private buffer: ArrayBuffer | null, offset: i32 = 0, length: i32 = buffer!.byteLength - offset) {
    this.at = changetype<usize>(buffer) + <usize>offset;
    this.end = this.at + <usize>length;
  }

  /** Read `length` bytes at `start` from now on, which are in `buffer`, or stay where they are by themselves. */
  over(buffer: ArrayBuffer | null, start: usize, length: i32): Decoder {
    this.buffer = buffer;
    this.at = start;
    this.end = start + <usize>length;
    this.failed = false;
    return this;
  }

  static of(bytes: Uint8Array): Decoder {
    return new Decoder(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Where it reads next: for `seek`. */
  get position(): usize {
    return this.at;
  }

  /** Read on from a position that was read from before. Nothing once it has failed. */
  seek(position: usize): void {
    if (!this.failed) this.at = position;
  }

  /** Whether everything was read. */
  get done(): bool {
    return this.failed || this.at >= this.end;
  }

  /** What comes next. */
  get next(): Kind {
    if (this.failed || this.at >= this.end) return Kind.End;
    const head = load<u8>(this.at);
    if (head < 0x80 || head >= 0xe0) return Kind.Int;
    if (head < 0x90) return Kind.Map;
    if (head < 0xa0) return Kind.List;
    if (head < 0xc0) return Kind.String;
    if (head == 0xc0) return Kind.Null;
    if (head == 0xc2 || head == 0xc3) return Kind.Bool;
    if (head >= 0xc4 && head <= 0xc6) return Kind.Bytes;
    if (head == 0xca || head == 0xcb) return Kind.Float;
    if (head >= 0xcc && head <= 0xd3) return Kind.Int;
    if (head >= 0xd9 && head <= 0xdb) return Kind.String;
    if (head == 0xdc || head == 0xdd) return Kind.List;
    if (head == 0xde || head == 0xdf) return Kind.Map;
    return head == 0xc1 ? Kind.End : Kind.Error;
  }

  /** Whether a whole number beyond 63 bits comes next: one for `uint`. */
  get isWide(): bool {
    if (this.failed || this.end - this.at < 9) return false;
    return load<u8>(this.at) == 0xcf && load<i8>(this.at + 1) < 0;
  }

  /** True, and read, where null comes next. */
  nil(): bool {
    if (this.next != Kind.Null) return false;
    this.at += 1;
    return true;
  }

  bool(): bool {
    if (this.next != Kind.Bool) return this.fail<bool>(false);
    return this.byte() == 0xc3;
  }

  /** A whole number; one beyond 63 bits wraps (`uint` reads it). A float without a fraction is taken, too. */
  int(): i64 {
    if (this.next == Kind.Float) {
      const value = this.float();
      return value == Math.floor(value) ? <i64>value : this.fail<i64>(0);
    }
    if (this.next != Kind.Int) return this.fail<i64>(0);
    const head = this.byte();
    if (head < 0x80) return <i64>head;
    if (head >= 0xe0) return <i64>(<i8>head);
    switch (head) {
      case 0xcc:
        return <i64>this.fixed<u8>();
      case 0xcd:
        return <i64>this.fixed<u16>();
      case 0xce:
        return <i64>this.fixed<u32>();
      case 0xd0:
        return <i64>(<i8>this.fixed<u8>());
      case 0xd1:
        return <i64>(<i16>this.fixed<u16>());
      case 0xd2:
        return <i64>(<i32>this.fixed<u32>());
      default:
        return <i64>this.fixed<u64>();
    }
  }

  uint(): u64 {
    return <u64>this.int();
  }

  /** Any number. */
  float(): f64 {
    const kind = this.next;
    if (kind == Kind.Int) {
      const wide = load<u8>(this.at) == 0xcf;
      const value = this.int();
      return wide ? <f64>(<u64>value) : <f64>value;
    }
    if (kind != Kind.Float) return this.fail<f64>(0);
    if (this.byte() == 0xca) return <f64>reinterpret<f32>(this.fixed<u32>());
    return reinterpret<f64>(this.fixed<u64>());
  }

  string(): string {
    if (this.next != Kind.String) return this.fail<string>("");
    const head = this.byte();
    const length = head < 0xc0 ? <i32>(head & 31) : this.length(head - 0xd9);
    const start = this.take(length);
    return start == 0 ? "" : String.UTF8.decodeUnsafe(start, <usize>length);
  }

  /** The key of a pair: a string, or a whole number as one. */
  key(): string {
    return this.next == Kind.Int ? this.int().toString() : this.string();
  }

  bytes(): Uint8Array {
    if (this.next != Kind.Bytes) return this.fail<Uint8Array>(new Uint8Array(0));
    const length = this.length(this.byte() - 0xc4);
    const start = this.take(length);
    const copy = new Uint8Array(start == 0 ? 0 : length);
    if (start != 0) memory.copy(copy.dataStart, start, <usize>length);
    return copy;
  }

  /** How many values follow. */
  list(): i32 {
    if (this.next != Kind.List) return this.fail<i32>(0);
    const head = this.byte();
    return this.count(head < 0xa0 ? <i32>(head & 15) : this.length(head - 0xdc + 1), 1);
  }

  /** How many pairs of a `key` and a value follow. */
  map(): i32 {
    if (this.next != Kind.Map) return this.fail<i32>(0);
    const head = this.byte();
    return this.count(head < 0x90 ? <i32>(head & 15) : this.length(head - 0xde + 1), 2);
  }

  /** An error: its body, a map, follows. */
  error(): bool {
    if (this.next != Kind.Error) return this.fail<bool>(false);
    const head = this.byte();
    const length = head >= 0xd4 ? 1 << (head - 0xd4) : this.length(head - 0xc7);
    if (this.fixed<u8>() == 1 && <usize>length <= this.end - this.at) return true;
    return this.fail<bool>(false);
  }

  /** Step over one value, whatever it is. */
  skip(): void {
    switch (this.next) {
      case Kind.Null:
      case Kind.Bool:
        this.at += 1;
        break;
      case Kind.Int:
        this.int();
        break;
      case Kind.Float:
        this.float();
        break;
      case Kind.String: {
        const head = this.byte();
        this.take(head < 0xc0 ? <i32>(head & 31) : this.length(head - 0xd9));
        break;
      }
      case Kind.Bytes:
        this.take(this.length(this.byte() - 0xc4));
        break;
      case Kind.List:
        for (let left = this.list(); left > 0; left--) this.skip();
        break;
      case Kind.Map:
        for (let left = this.map(); left > 0; left--) {
          this.skip();
          this.skip();
        }
        break;
      case Kind.Error:
        if (this.error()) this.skip();
        break;
      default:
        this.fail<i32>(0);
    }
  }

  private byte(): u8 {
    const value = load<u8>(this.at);
    this.at += 1;
    return value;
  }

  /** A big-endian number. */
  private fixed<T>(): T {
    const start = this.take(<i32>sizeof<T>());
    if (start == 0) return <T>0;
    return sizeof<T>() == 1 ? load<T>(start) : bswap<T>(load<T>(start));
  }

  /** A length of 1, 2 or 4 bytes for `size` 0, 1, 2. */
  private length(size: i32): i32 {
    const value = size == 0 ? <u32>this.fixed<u8>() : size == 1 ? <u32>this.fixed<u16>() : this.fixed<u32>();
    return value > <u32>i32.MAX_VALUE ? this.fail<i32>(0) : <i32>value;
  }

  /** A length that cannot be true is refused before anything is made. */
  private count(count: i32, least: i32): i32 {
    return <u64>count * <u64>least > <u64>(this.end - this.at) ? this.fail<i32>(0) : count;
  }

  /** Address of the next `length` bytes; 0 where there are not so many. */
  private take(length: i32): usize {
    if (this.failed || <usize>length > this.end - this.at) return this.fail<usize>(0);
    const start = this.at;
    this.at += <usize>length;
    return start;
  }

  private fail<T>(zero: T): T {
    this.failed = true;
    this.at = this.end;
    return zero;
  }
}
