import { CONTROL_BYTES, ExportName, MAX_GLOBAL_BYTES, PAGE_BYTES, USUAL_MEMORY, Word } from './control.ts';
import { damagedStack, grownElsewhere, noRoomForArea } from './driver_errors.ts';

const NO_CONTROL = new Int32Array(0);

/**
 * Where the saved stack lives: whole pages at the end of the guest's memory. A memory of the module's own begins with some of
 * them, others are added when the instance has been made and its own start function has run, or when a long stack needs
 * them. The guest does not see them: its `memory.size` does not count them, its `memory.grow` moves them to the new end and
 * neither succeeds nor fails otherwise than before. So the host must grow the memory through the guest's function only.
 */
export class Area {
  readonly memory: WebAssembly.Memory | undefined;
  /** Length; 0 for a module in which nothing can stop, which has no area. */
  bytes = 0;
  /** Address. */
  base = 0;
  /** It is not where it must be, or its stack does not end inside: the instance must be thrown away. */
  damaged = false;
  readonly #shared: boolean;
  readonly #address: WebAssembly.Global<number> | undefined;
  readonly #pages: WebAssembly.Global<number> | undefined;
  /** The control block. A view of length 0 once the memory has grown. */
  #control: Int32Array = NO_CONTROL;

  /**
   * Of a new instance.
   *
   * @param memory the memory that the module uses; undefined: it is taken from the exports
   * @param bytes its length to begin with, rounded up to whole pages, at least one
   * @throws UNAVAILABLE if the memory cannot grow by what is missing
   */
  constructor(exports: WebAssembly.Exports, memory?: WebAssembly.Memory, bytes = 0) {
    this.memory = memory ?? ((exports[ExportName.Memory] ?? exports[USUAL_MEMORY]) as WebAssembly.Memory | undefined);
    this.#address = exports[ExportName.Control] as WebAssembly.Global<number> | undefined;
    this.#pages = exports[ExportName.AreaPages] as WebAssembly.Global<number> | undefined;
    this.#shared = this.memory !== undefined && !(this.memory.buffer instanceof ArrayBuffer);
    if (this.#address === undefined) return;
    this.#make(this.#address, this.#pages!, Math.ceil(bytes / PAGE_BYTES));
    const control = this.control();
    control.fill(0);
    this.empty(control);
  }

  #make(address: WebAssembly.Global<number>, own: WebAssembly.Global<number>, wanted: number): void {
    const builtIn = own.value;
    const pages = Math.max(1, builtIn, wanted);
    if (pages > builtIn) {
      let former: number;
      try {
        former = this.memory!.grow(pages - builtIn);
      } catch {
        throw noRoomForArea(pages - builtIn);
      }
      if (builtIn === 0) address.value = (former * PAGE_BYTES) | 0;
      own.value = pages;
    }
    this.bytes = pages * PAGE_BYTES;
  }

  /** Length in bytes of the memory as the guest knows it. */
  get guestBytes(): number {
    if (this.bytes !== 0) this.control();
    return this.memory === undefined ? 0 : this.memory.buffer.byteLength - this.bytes;
  }

  /** The control block, found again if the memory has grown. Throws INTERNAL where it cannot be found. */
  control(): Int32Array {
    if (this.#control.length !== 0 && !this.#shared) return this.#control;
    const { buffer } = this.memory!;
    this.bytes = this.#pages!.value * PAGE_BYTES;
    const base = buffer.byteLength - this.bytes;
    if (this.#control.length !== 0 && base === this.base) return this.#control;
    if (this.#address!.value >>> 0 !== base) {
      this.damaged = true;
      throw grownElsewhere();
    }
    this.base = base;
    this.#control = new Int32Array(buffer, base, CONTROL_BYTES / 4);
    return this.#control;
  }

  /** End of the saved stack from the beginning of the area; what the guest left there is not to be trusted. */
  top(control: Int32Array): number {
    const offset = (control[Word.Top] - this.base) >>> 0;
    if (offset >= CONTROL_BYTES && offset <= this.bytes) return offset;
    this.damaged = true;
    throw damagedStack();
  }

  /** Nothing is saved. Both words are in the guest's reach, so they are set before each call. */
  empty(control: Int32Array): void {
    control[Word.Top] = this.base + CONTROL_BYTES;
    control[Word.Limit] = this.base + this.bytes;
  }

  /** Every byte as in a new instance. */
  clear(): void {
    const control = this.control();
    new Uint8Array(this.memory!.buffer, this.base, this.bytes).fill(0);
    this.empty(control);
  }

  /** Bytes of the saved frames. */
  get savedBytes(): number {
    return this.bytes === 0 ? 0 : this.top(this.control()) - CONTROL_BYTES;
  }

  /** A copy of the saved frames. */
  savedStack(): Uint8Array {
    const length = this.savedBytes;
    return new Uint8Array(this.memory!.buffer, this.base + CONTROL_BYTES, length).slice();
  }

  /** Put frames of another instance there; false where they do not fit. */
  putStack(stack: Uint8Array): boolean {
    const missing = stack.byteLength + CONTROL_BYTES - this.bytes;
    if (missing > 0 && !this.#extend(missing)) return false;
    const control = this.control();
    const start = this.base + CONTROL_BYTES;
    new Uint8Array(this.memory!.buffer, start, stack.byteLength).set(stack);
    control[Word.Top] = start + stack.byteLength;
    return true;
  }

  /** So many bytes (up to `MAX_GLOBAL_BYTES`) at its end that nothing is saved in; undefined where there is no room. */
  spare(length: number): Uint8Array | undefined {
    const top = this.top(this.control());
    if (top > this.bytes - MAX_GLOBAL_BYTES && !this.#extend(MAX_GLOBAL_BYTES)) return undefined;
    return new Uint8Array(this.memory!.buffer, this.base + this.bytes - MAX_GLOBAL_BYTES, length);
  }

  /** Make it longer by at least so many bytes; false where the memory cannot grow. Not while the guest runs. */
  #extend(bytes: number): boolean {
    const pages = Math.ceil(bytes / PAGE_BYTES);
    try {
      this.memory!.grow(pages);
    } catch {
      return false;
    }
    this.#pages!.value += pages;
    this.#control = NO_CONTROL;
    this.control();
    return true;
  }
}
