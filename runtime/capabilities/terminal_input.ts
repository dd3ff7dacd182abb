/** Standard input in lines and in pieces of lines: whoever reads a piece leaves the rest of its line to the next. */
import type { Terminal } from '../hosts/terminal.ts';

const inputs = new WeakMap<Terminal, TerminalInput>();

export class TerminalInput {
  readonly #terminal: Terminal;
  /** What is left of a line, its end included. */
  #rest: Buffer | undefined;

  /** The one of this terminal: all programs share its input. */
  static of(terminal: Terminal): TerminalInput {
    let input = inputs.get(terminal);
    if (input === undefined) inputs.set(terminal, (input = new TerminalInput(terminal)));
    return input;
  }

  private constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Undefined at the end of input. */
  async readLine(): Promise<string | undefined> {
    const rest = this.#rest;
    if (rest === undefined) return await this.#terminal.readLine();
    this.#rest = undefined;
    return rest.toString('utf8', 0, rest.length - 1);
  }

  /** Up to `most` bytes, at least one; undefined at the end of input. */
  async read(most: number): Promise<Uint8Array | undefined> {
    let piece = this.#rest;
    if (piece === undefined) {
      const line = await this.#terminal.readLine();
      if (line === undefined) return undefined;
      piece = Buffer.from(`${line}\n`, 'utf8');
    }
    this.#rest = piece.length > most ? piece.subarray(most) : undefined;
    return new Uint8Array(piece.subarray(0, most));
  }
}
