/**
 * Views of Lua's memory. They are made anew whenever it grows, which any call that allocates in Lua can cause: read the
 * view from here after each such call, and keep none in a variable across it.
 */
import type { LuaApi } from './api.ts';

const SCRATCH_BYTES = 65_536;

/** Node's Buffer with its direct decoders, which the public type leaves out. */
type Decoder = Buffer & {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
};

export class Memory {
  u8!: Uint8Array;
  u32!: Uint32Array;
  i32!: Int32Array;
  f64!: Float64Array;
  buffer!: Decoder;
  /** For data on its way through a single call. */
  scratch = 0;
  readonly #api: LuaApi;
  /** More than the scratch area holds, until `release`. */
  #large = 0;

  constructor(api: LuaApi) {
    this.#api = api;
    this.refresh();
  }

  refresh(): void {
    const { buffer } = this.#api.memory;
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.buffer = Buffer.from(buffer) as Decoder;
  }

  /** After the binary's start-up code has run. */
  start(): void {
    this.scratch = this.allocate(SCRATCH_BYTES);
  }

  /** Memory of the host's own, outside of every state. Throws RangeError where there is none left. */
  allocate(bytes: number): number {
    const pointer = this.#api.malloc(bytes);
    if (pointer === 0) throw new RangeError('no memory left for Lua');
    return pointer;
  }

  /**
   * Room for `bytes` until `release`. Where Lua raises an error in between, the room is found again by the next
   * `reserve`, so nothing is lost.
   */
  reserve(bytes: number): number {
    if (bytes <= SCRATCH_BYTES) return this.scratch;
    this.release();
    this.#large = this.allocate(bytes);
    return this.#large;
  }

  release(): void {
    if (this.#large === 0) return;
    this.#api.free(this.#large);
    this.#large = 0;
  }
}
