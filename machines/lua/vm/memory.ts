/**
 * Views of Lua's memory. The stock binary's memory grows, which any call that allocates in Lua can cause, and then they
 * are made anew: read the view from here after each such call, and keep none in a variable across it.
 *
 * Addresses are signed 32-bit integers, as WebAssembly hands them out: those above 2^31 are negative. Words are indexed
 * by `address >>> 2`, bytes by `address >>> 0`.
 */
import type { LuaApi } from './api.ts';
import { HOST_HEAP_END, PAGE_BYTES } from './slots/memory_map.ts';
import type { Slots } from './slots/slots.ts';

const SCRATCH_BYTES = 65_536;

/** Node's Buffer with its direct decoder, which the public type leaves out. */
type Decoder = Buffer & { utf8Slice(start: number, end: number): string };

export class Memory {
  u8!: Uint8Array;
  i32!: Int32Array;
  f64!: Float64Array;
  buffer!: Decoder;
  /** For data on its way through a single call. */
  scratch = 0;
  readonly #api: LuaApi;
  /** Where large pieces come from, with the transformed binary; its C heap is small. */
  slots: Slots | undefined;
  /** More than the scratch area holds, until `release`. */
  #large = 0;
  #pages = 0;

  constructor(api: LuaApi) {
    this.#api = api;
    this.refresh();
  }

  refresh(): void {
    const { buffer } = this.#api.memory;
    this.u8 = new Uint8Array(buffer);
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
    if (pointer === 0) throw noRoom();
    if (this.slots === undefined || pointer + bytes <= HOST_HEAP_END) return pointer;
    this.#api.free(pointer);
    throw noRoom();
  }

  /**
   * Room for `bytes` until `release`. Where Lua raises an error in between, the room is found again by the next
   * `reserve`, so nothing is lost.
   */
  reserve(bytes: number): number {
    if (bytes <= SCRATCH_BYTES) return this.scratch;
    this.release();
    if (this.slots === undefined) this.#large = this.allocate(bytes);
    else {
      this.#pages = Math.ceil(bytes / PAGE_BYTES);
      this.#large = this.slots.allocatePages(this.#pages);
      if (this.#large === 0) throw noRoom();
    }
    return this.#large;
  }

  release(): void {
    if (this.#large === 0) return;
    if (this.slots === undefined) this.#api.free(this.#large);
    else this.slots.freePages(this.#large, this.#pages);
    this.#large = 0;
  }
}

function noRoom(): RangeError {
  return new RangeError('no memory left for Lua');
}
