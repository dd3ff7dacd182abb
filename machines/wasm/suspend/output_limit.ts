import { Unsupported, type UnsupportedPlace } from '../binary/unsupported.ts';

/** Bytes of code that any module may become. */
const LEAST = 16 * 2 ** 20;
/** How many times its own size a larger module may become; what compilers make becomes two to four times as large. */
const FACTOR = 16;

/**
 * Bounds the code that is written for one module. A function of ten bytes can have a thousand results, and each of five
 * hundred nested loops gets a list of all calls inside: without a bound a small hostile module would fill the memory.
 */
export class OutputLimit {
  #left: number;

  /** @param size length of the module in bytes */
  constructor(size: number) {
    this.#left = LEAST + FACTOR * size;
  }

  /** So many bytes of code are written. */
  take(bytes: number, place: UnsupportedPlace): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw new Unsupported(
        'functions that become too large when they can be stopped (many parameters or results, or deeply nested loops)',
        'Pass values in memory, or split the functions.',
        place,
      );
    }
  }
}
