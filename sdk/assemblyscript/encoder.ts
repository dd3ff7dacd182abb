/**
 * Writes MessagePack: one value after the other.
 *
 *     const encoder = new Encoder();
 *     encoder.map(2);
 *     encoder.string("id"); encoder.int(7);
 *     encoder.string("tags"); encoder.list(1); encoder.string("new");
 *
 * `list` and `map` are followed by exactly as many values (or pairs) as they say.
 */
export class Encoder {
  private buffer: ArrayBuffer;
  private used: i32 = 0;

  constructor(capacity: i32 = 128) {
    this.buffer = new ArrayBuffer(max(capacity, 16));
  }

  /** Bytes written so far. */
  get length(): i32 {
    return this.used;
  }

  /** Where they begin; valid until the next write. */
  get pointer(): usize {
    return changetype<usize>(this.buffer);
  }

  /** Begin anew; the memory is kept. */
  reset(): void {
    this.used = 0;
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array {
    return Uint8Array.wrap(this.buffer.slice(0, this.used));
  }

  nil(): void {
    this.byte(0xc0);
  }

  bool(value: bool): void {
    this.byte(value ? 0xc3 : 0xc2);
  }

  int(value: i64): void {
    if (value >= 0) {
      this.uint(<u64>value);
    } else if (value >= -32) {
      this.byte(<u8>value);
    } else if (value >= i8.MIN_VALUE) {
      store<u8>(this.open(0xd0, 1), <u8>value);
    } else if (value >= i16.MIN_VALUE) {
      store<u16>(this.open(0xd1, 2), bswap<u16>(<u16>value));
    } else if (value >= i32.MIN_VALUE) {
      store<u32>(this.open(0xd2, 4), bswap<u32>(<u32>value));
    } else {
      store<u64>(this.open(0xd3, 8), bswap<u64>(<u64>value));
    }
  }

  uint(value: u64): void {
    if (value < 128) {
      this.byte(<u8>value);
    } else if (value <= u8.MAX_VALUE) {
      store<u8>(this.open(0xcc, 1), <u8>value);
    } else if (value <= u16.MAX_VALUE) {
      store<u16>(this.open(0xcd, 2), bswap<u16>(<u16>value));
    } else if (value <= u32.MAX_VALUE) {
      store<u32>(this.open(0xce, 4), bswap<u32>(<u32>value));
    } else {
      store<u64>(this.open(0xcf, 8), bswap<u64>(value));
    }
  }

  float(value: f64): void {
    store<u64>(this.open(0xcb, 8), bswap<u64>(reinterpret<u64>(value)));
  }

  string(value: string): void {
    // Each UTF-16 unit takes at most three bytes; the head is written when the length is known.
    const most = value.length * 3;
    this.ensure(most + 5);
    const head = headOf(most, 32);
    const start = this.pointer + <usize>this.used;
    const length = <i32>String.UTF8.encodeUnsafe(changetype<usize>(value), value.length, start + <usize>head);
    const shorter = headOf(length, 32);
    if (shorter != head) memory.copy(start + <usize>shorter, start + <usize>head, <usize>length);
    this.used += writeHead(start, length, shorter, 0xa0, 0xd9) + length;
  }

  bytes(value: Uint8Array): void {
    this.raw(value.dataStart, value.length);
  }

  /** `length` bytes at `start`, as one byte string. */
  raw(start: usize, length: i32): void {
    this.ensure(length + 5);
    const at = this.pointer + <usize>this.used;
    const head = max(headOf(length, 0), 2);
    writeHead(at, length, head, 0, 0xc4);
    memory.copy(at + <usize>head, start, <usize>length);
    this.used += head + length;
  }

  /** `count` values follow. */
  list(count: i32): void {
    this.container(count, 0x90, 0xdc);
  }

  /** `count` pairs of a string and a value follow. */
  map(count: i32): void {
    this.container(count, 0x80, 0xde);
  }

  /** An error: one map with `message` and perhaps `kind`, `retryable`, `details`, as bytes that were encoded before. */
  error(body: Encoder): void {
    const length = body.length;
    this.ensure(length + 6);
    const at = this.pointer + <usize>this.used;
    store<u8>(at, 0xc9);
    store<u32>(at + 1, bswap<u32>(<u32>length));
    store<u8>(at + 5, 1);
    memory.copy(at + 6, body.pointer, <usize>length);
    this.used += 6 + length;
  }

  private container(count: i32, short: i32, long: i32): void {
    if (count < 16) {
      this.byte(<u8>(short | count));
    } else if (count <= <i32>u16.MAX_VALUE) {
      store<u16>(this.open(<u8>long, 2), bswap<u16>(<u16>count));
    } else {
      store<u32>(this.open(<u8>(long + 1), 4), bswap<u32>(<u32>count));
    }
  }

  private byte(value: u8): void {
    this.ensure(1);
    store<u8>(this.pointer + <usize>this.used, value);
    this.used += 1;
  }

  /** Write `head`; answers the address of the `count` bytes after it. */
  private open(head: u8, count: i32): usize {
    this.ensure(count + 1);
    const at = this.pointer + <usize>this.used;
    store<u8>(at, head);
    this.used += count + 1;
    return at + 1;
  }

  private ensure(count: i32): void {
    const wanted = this.used + count;
    if (wanted <= this.buffer.byteLength) return;
    const larger = new ArrayBuffer(max(wanted, this.buffer.byteLength * 2));
    memory.copy(changetype<usize>(larger), this.pointer, <usize>this.used);
    this.buffer = larger;
  }
}

/** Bytes of the head of a string; `short`: lengths below it fit the first byte. */
function headOf(length: i32, short: i32): i32 {
  if (length < short) return 1;
  if (length <= <i32>u8.MAX_VALUE) return 2;
  return length <= <i32>u16.MAX_VALUE ? 3 : 5;
}

function writeHead(at: usize, length: i32, head: i32, short: i32, long: i32): i32 {
  switch (head) {
    case 1:
      store<u8>(at, <u8>(short | length));
      break;
    case 2:
      store<u8>(at, <u8>long);
      store<u8>(at + 1, <u8>length);
      break;
    case 3:
      store<u8>(at, <u8>(long + 1));
      store<u16>(at + 1, bswap<u16>(<u16>length));
      break;
    default:
      store<u8>(at, <u8>(long + 2));
      store<u32>(at + 1, bswap<u32>(<u32>length));
  }
  return head;
}
