const LINE_END = 10;
/** Bytes after which a line without an end is logged all the same. */
const LONGEST_LINE = 16_384;
/** Lines that one write logs at most: a program cannot be interrupted inside of it. */
const MOST_LINES = 256;
const NOTHING = new Uint8Array(0);

/** Output that goes to the log, where a line is a record: what has no end yet is kept. */
export class LogLines {
  readonly #log: (line: string) => void;
  #partial: Uint8Array = NOTHING;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** How many of the bytes were taken: all, unless they are too many lines for one go. */
  write(bytes: Uint8Array): number {
    const kept = this.#partial.length;
    const all = kept === 0 ? bytes : Buffer.concat([this.#partial, bytes]);
    let from = 0;
    let lines = 0;
    for (let end = all.indexOf(LINE_END); end >= 0; end = all.indexOf(LINE_END, from)) {
      this.#line(all.subarray(from, end));
      from = end + 1;
      if (++lines < MOST_LINES) continue;
      this.#partial = NOTHING;
      return from - kept;
    }
    for (; all.length - from > LONGEST_LINE; from += LONGEST_LINE) this.#line(all.subarray(from, from + LONGEST_LINE));
    this.#partial = all.slice(from);
    return bytes.length;
  }

  /** What is left of a line. */
  get partial(): Uint8Array {
    return this.#partial;
  }

  /** Log what is left of a line. */
  flush(): void {
    if (this.#partial.length > 0) this.#line(this.#partial);
    this.#partial = NOTHING;
  }

  #line(bytes: Uint8Array): void {
    this.#log(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  }
}
