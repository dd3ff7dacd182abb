import type { Additions } from './additions.ts';
import type { CodeWriter } from './code_writer.ts';
import type { FlatCode } from './flat_code.ts';
import { isSubstituted, writeSubstitute } from './substitution.ts';

/** Copies the instructions of a function that stay as they are, adjacent ones at once. */
export class SourceCopy {
  readonly #out: CodeWriter;
  readonly #additions: Additions;
  readonly #code: FlatCode;
  /** Byte range that is to be copied and not yet written. */
  #from = -1;
  #to = -1;

  constructor(out: CodeWriter, additions: Additions, code: FlatCode) {
    this.#out = out;
    this.#additions = additions;
    this.#code = code;
  }

  copy(at: number): void {
    const { start, end } = this.#code;
    // Where unreachable code was left out the bytes do not join.
    if (this.#from < 0 || this.#to !== start[at]) {
      this.flush();
      this.#from = start[at];
    }
    this.#to = end[at];
  }

  /** Due before anything else is written. */
  flush(): void {
    if (this.#from < 0) return;
    this.#out.copy(this.#additions.module.bytes, this.#from, this.#to);
    this.#from = -1;
  }

  /** Copy an instruction, or write what stands for it. */
  substitute(at: number): void {
    const { op, number, first, start, end } = this.#code;
    if (!isSubstituted(this.#additions, op[at], number[at], first[at])) {
      this.copy(at);
      return;
    }
    this.flush();
    writeSubstitute(this.#out, this.#additions, op[at], number[at], first[at], start[at], end[at]);
  }
}
