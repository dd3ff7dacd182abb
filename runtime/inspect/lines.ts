/**
 * A stream of bytes as lines of bounded length. However small the pieces are in which it comes, it takes no more memory than
 * twice the longest line and what was pushed last.
 */
const NEWLINE = 10;

export class LineTooLong extends Error {}

export class Lines {
  readonly #longest: number;
  #bytes = Buffer.alloc(0);
  /** Where the next line begins, where what has come ends, and up to where there is no end of a line. */
  #begin = 0;
  #end = 0;
  #searched = 0;

  /** Bytes of the longest line, without its end. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  push(piece: Uint8Array): void {
    if (this.#end + piece.length > this.#bytes.length) this.#makeRoom(piece.length);
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
  }

  /**
   * The oldest complete line without its end, or undefined. It is valid until the next push. Throws LineTooLong, and then
   * nothing more can be read.
   */
  next(): Uint8Array | undefined {
    const found = this.#bytes.subarray(0, this.#end).indexOf(NEWLINE, this.#searched);
    const length = (found < 0 ? this.#end : found) - this.#begin;
    if (length > this.#longest) throw new LineTooLong();
    if (found < 0) {
      this.#searched = this.#end;
      return undefined;
    }
    const line = this.#bytes.subarray(this.#begin, found);
    this.#begin = found + 1;
    this.#searched = found + 1;
    return line;
  }

  #makeRoom(more: number): void {
    const kept = this.#bytes.subarray(this.#begin, this.#end);
    const needed = kept.length + more;
    const bytes = needed * 2 <= this.#bytes.length ? this.#bytes : Buffer.alloc(Math.max(needed * 2, 1024));
    bytes.set(kept, 0);
    this.#bytes = bytes;
    this.#searched -= this.#begin;
    this.#end -= this.#begin;
    this.#begin = 0;
  }
}
