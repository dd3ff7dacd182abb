/**
 * A queue of byte frames from one thread to one other, in shared memory: what crosses workers crosses here.
 *
 * Layout of the SharedArrayBuffer: a header of Int32 words (see `RingWord`), then a power of two of data bytes. TAIL
 * counts the bytes ever written, HEAD those ever given back, both modulo 2^32 and multiples of four; a counter modulo
 * the size is a place in the data. Only the writer stores TAIL and only the reader stores HEAD, each after it is done
 * with the bytes in question: these two atomic stores are all the order that there is.
 *
 * A record in the data is a word that says what it is, then its bytes, rounded up to four and never wrapped round the
 * end. A frame that takes more than half of the ring travels as several records and is put together by the reader.
 */
import { TroupeError } from '../errors.ts';

/** Words of the header, as indexes into `header`. Each has a cache line pair to itself: they belong to two threads. */
export const RingWord = {
  /** Bytes written and published. */
  TAIL: 0,
  /** Bytes read and given back. */
  HEAD: 32,
  /** For the reader's thread to say that it sleeps and wants to be woken after a publish. The ring leaves it alone. */
  SLEEPING: 64,
  /** For the writer's thread to say that it waits for room. The ring leaves it alone. */
  WAITING: 96,
} as const;

const HEADER_WORDS = 128;
const HEADER_BYTES = HEADER_WORDS * 4;
const MIN_BYTES = 64;
const MAX_BYTES = 2 ** 28;

/** What a record is, in the upper bits of its first word; the lower ones are the number of its bytes. */
const LENGTH_BITS = 0x1fffffff;
/** First part of a long frame: a second word holds the length of the whole frame. */
const BEGINS = 0x40000000;
/** Further part of a long frame. */
const CONTINUES = 0x20000000;
/** Nothing up to the end of the data: the next record is at its beginning. */
const SKIP = -1;

/** Up to here a loop beats a call of `set`. */
const SHORT = 64;

export const Ring = {
  /**
   * Shared memory of a new, empty ring that holds `bytes`, rounded up to a power of two from 64 B to 256 MiB.
   * `counter` is where its counters begin; it is there to test what happens when they wrap.
   */
  allocate(bytes: number, counter = 0): SharedArrayBuffer {
    let size = MIN_BYTES;
    while (size < bytes && size < MAX_BYTES) size *= 2;
    const memory = new SharedArrayBuffer(HEADER_BYTES + size);
    const header = new Int32Array(memory, 0, HEADER_WORDS);
    header[RingWord.TAIL] = counter & ~3;
    header[RingWord.HEAD] = counter & ~3;
    return memory;
  },
};

/** The one writing end. Frames written are seen by the reader after `publish`. */
export class RingWriter {
  readonly header: Int32Array;
  readonly memory: SharedArrayBuffer;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #size: number;
  /** Bytes written, published or not. */
  #tail: number;
  #published: number;
  /** HEAD as last looked at: the reader may be further. */
  #head: number;
  /** Of a long frame: its length and how much of it is in the ring already. */
  #total = 0;
  #sent = 0;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.header = new Int32Array(memory, 0, HEADER_WORDS);
    this.#bytes = new Uint8Array(memory, HEADER_BYTES);
    this.#words = new Int32Array(memory, HEADER_BYTES);
    this.#size = this.#bytes.length;
    this.#tail = Atomics.load(this.header, RingWord.TAIL);
    this.#published = this.#tail;
    this.#head = Atomics.load(this.header, RingWord.HEAD);
  }

  /** Bytes that the reader has given back or never had; a frame takes its length and up to 7 more, and must fit whole. */
  get free(): number {
    this.#head = Atomics.load(this.header, RingWord.HEAD);
    return this.#size - ((this.#tail - this.#head) | 0);
  }

  /** Whether everything that was written is published and was given back by the reader. */
  get isRead(): boolean {
    return this.#published === this.#tail && Atomics.load(this.header, RingWord.HEAD) === this.#tail;
  }

  /** Whether a long frame is in the ring in part: the next `write` must be of the same frame. */
  get partial(): boolean {
    return this.#total !== 0;
  }

  /**
   * Appends the frame `source[0, length)`. False: the ring is full; everything before is published, and the same frame
   * is to be written again when the reader has made room. A frame of more than half of the ring may answer false many
   * times, each time with more of it handed over; its bytes must stay as they are until then.
   */
  write(source: Uint8Array, length = source.length): boolean {
    if (this.#total !== 0) return this.#continue(source, length);
    if (length + 4 > this.#size >>> 1) return this.#begin(source, length);
    const at = this.#reserve(4 + length);
    if (at < 0) return false;
    this.#words[at >>> 2] = length;
    this.#fill(at + 4, source, 0, length);
    return true;
  }

  /** Lets the reader see all that was written. */
  publish(): void {
    if (this.#published === this.#tail) return;
    this.#published = this.#tail;
    Atomics.store(this.header, RingWord.TAIL, this.#tail);
  }

  #begin(source: Uint8Array, length: number): boolean {
    const count = this.#part(length);
    const at = this.#reserve(8 + count);
    if (at < 0) return false;
    this.#words[at >>> 2] = count | BEGINS;
    this.#words[(at >>> 2) + 1] = length;
    this.#fill(at + 8, source, 0, count);
    this.#total = length;
    this.#sent = count;
    return this.#continue(source, length);
  }

  #continue(source: Uint8Array, length: number): boolean {
    if (length !== this.#total) {
      throw new TroupeError(
        `a frame of ${this.#total} bytes is half written and another of ${length} bytes came; write the first again until it is taken`,
        { kind: 'INTERNAL', retryable: false },
      );
    }
    while (this.#sent < length) {
      const count = this.#part(length - this.#sent);
      const at = this.#reserve(4 + count);
      if (at < 0) return false;
      this.#words[at >>> 2] = count | CONTINUES;
      this.#fill(at + 4, source, this.#sent, count);
      this.#sent += count;
    }
    this.#total = 0;
    this.#sent = 0;
    return true;
  }

  /** How much of a long frame goes into one record: a quarter of the ring, so that both ends work at the same time. */
  #part(rest: number): number {
    return Math.min(rest, (this.#size >>> 2) - 8);
  }

  /** The place of a record of `need` bytes (at most half of the ring), in one piece; -1, all published, if it is full. */
  #reserve(need: number): number {
    const size = this.#size;
    const rounded = (need + 3) & ~3;
    const at = this.#tail & (size - 1);
    const skipped = at + rounded > size ? size - at : 0;
    const tail = (this.#tail + skipped + rounded) | 0;
    if (((tail - this.#head) | 0) > size) {
      this.#head = Atomics.load(this.header, RingWord.HEAD);
      if (((tail - this.#head) | 0) > size) {
        this.publish();
        return -1;
      }
    }
    this.#tail = tail;
    if (skipped === 0) return at;
    this.#words[at >>> 2] = SKIP;
    return 0;
  }

  #fill(at: number, source: Uint8Array, from: number, count: number): void {
    if (count <= SHORT) {
      const bytes = this.#bytes;
      for (let i = 0; i < count; i++) bytes[at + i] = source[from + i];
    } else {
      this.#bytes.set(count === source.length ? source : source.subarray(from, from + count), at);
    }
  }
}

/** The one reading end. */
export class RingReader {
  readonly header: Int32Array;
  /** The frame that `read` found: `bytes[offset, offset + length)`. Valid until the next `read` or `release`. */
  bytes: Uint8Array;
  offset = 0;
  length = 0;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #size: number;
  /** Bytes read, given back or not. */
  #head: number;
  #released: number;
  /** TAIL as last looked at: the writer may be further. */
  #tail: number;
  /** The long frame that is being put together, and how much of it is there. */
  #long: Uint8Array | undefined = undefined;
  #received = 0;

  constructor(memory: SharedArrayBuffer) {
    this.header = new Int32Array(memory, 0, HEADER_WORDS);
    this.#bytes = new Uint8Array(memory, HEADER_BYTES);
    this.#words = new Int32Array(memory, HEADER_BYTES);
    this.#size = this.#bytes.length;
    this.bytes = this.#bytes;
    this.#head = Atomics.load(this.header, RingWord.HEAD);
    this.#released = this.#head;
    this.#tail = this.#head;
  }

  /** Whether there is anything new to read; it may be only a part of a long frame. */
  get hasFrame(): boolean {
    return this.#head !== this.#tail || this.#head !== Atomics.load(this.header, RingWord.TAIL);
  }

  /**
   * Moves on to the next frame. False: there is none, or not all of it; what was read is then given back, since the
   * writer may be waiting for that room.
   */
  read(): boolean {
    if (this.bytes !== this.#bytes) this.#dropLong();
    // A long run of short frames must not hold up the writer until its end.
    if (((this.#head - this.#released) | 0) > this.#size >>> 2) this.release();
    for (;;) {
      if (this.#head === this.#tail) {
        this.#tail = Atomics.load(this.header, RingWord.TAIL);
        if (this.#head === this.#tail) {
          this.release();
          return false;
        }
      }
      const at = this.#head & (this.#size - 1);
      const word = this.#words[at >>> 2];
      if (word === SKIP) {
        this.#head = (this.#head + this.#size - at) | 0;
      } else if (word <= LENGTH_BITS) {
        this.#head = (this.#head + ((word + 7) & ~3)) | 0;
        this.offset = at + 4;
        this.length = word;
        return true;
      } else if (this.#collect(at, word)) {
        return true;
      }
    }
  }

  /** Gives the room of everything read back to the writer. */
  release(): void {
    if (this.bytes !== this.#bytes) this.#dropLong();
    if (this.#released === this.#head) return;
    this.#released = this.#head;
    Atomics.store(this.header, RingWord.HEAD, this.#head);
  }

  /** Takes one part of a long frame; whether it was the last. */
  #collect(at: number, word: number): boolean {
    const count = word & LENGTH_BITS;
    let from = at + 4;
    if ((word & BEGINS) === 0 && this.#long === undefined) {
      // Only of a ring whose reader is gone: the beginning of this frame was read by that one.
      this.#head = (this.#head + ((count + 7) & ~3)) | 0;
      return false;
    }
    if ((word & BEGINS) !== 0) {
      this.#long = new Uint8Array(this.#words[from >>> 2]);
      this.#received = 0;
      from += 4;
    }
    const long = this.#long!;
    long.set(this.#bytes.subarray(from, from + count), this.#received);
    this.#received += count;
    this.#head = (this.#head + ((from - at + count + 3) & ~3)) | 0;
    this.release();
    if (this.#received < long.length) return false;
    this.#long = undefined;
    this.bytes = long;
    this.offset = 0;
    this.length = long.length;
    return true;
  }

  #dropLong(): void {
    this.bytes = this.#bytes;
    this.offset = 0;
    this.length = 0;
  }
}
