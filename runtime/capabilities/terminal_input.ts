/** Standard input in lines and in pieces of lines: whoever reads a piece leaves the rest of its line to the next. */
import type { Clock } from '../clock.ts';
import { type Terminal, withoutEnd } from '../hosts/terminal.ts';

const LINE_END = 10;

/** Milliseconds that a clock can be armed for; whoever waits longer waits for ever. */
const LONGEST_LIMIT = 0x7fffffff;

/** Somebody who waits until there is something to read. */
interface Watcher {
  /** `ready`: how many bytes; undefined: the time is over. */
  resolve(ready: number | undefined): void;
  reject(failure: unknown): void;
}

const inputs = new WeakMap<Terminal, TerminalInput>();

export class TerminalInput {
  readonly #terminal: Terminal;
  /** What was taken from the terminal and not read yet; never empty. */
  #rest: Buffer | undefined;
  /** Those who read take their turns, so that nobody gets what comes after another one's piece. */
  #turn: Promise<unknown> = Promise.resolve();
  /** They share one turn, so that somebody who looks again and again while nothing comes takes no memory. */
  readonly #watchers = new Set<Watcher>();
  #looking = false;

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
  readLine(): Promise<string | undefined> {
    return this.#next(async () => {
      let line = this.#rest;
      if (line === undefined) return await this.#terminal.readLine();
      while (!line.includes(LINE_END)) {
        const more = await this.#terminal.readPiece();
        if (more === undefined) break;
        line = Buffer.concat([line, more]);
      }
      const end = line.indexOf(LINE_END);
      this.#keep(end < 0 ? undefined : line.subarray(end + 1));
      return withoutEnd(line.toString('utf8', 0, end < 0 ? line.length : end + 1));
    });
  }

  /** Up to `most` bytes as they came, at least one; undefined at the end of input. */
  read(most: number): Promise<Uint8Array | undefined> {
    return this.#next(async () => {
      const piece = await this.#taken();
      this.#keep(piece?.subarray(most));
      return piece && new Uint8Array(piece.subarray(0, most));
    });
  }

  /**
   * Waits until there is something to read, at most so many milliseconds (infinity: for ever): how many bytes can be read
   * at once, 0 at the end of input; undefined when the time is over.
   */
  ready(clock: Clock, limit: number): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const watcher: Watcher = { resolve, reject };
      this.#watchers.add(watcher);
      if (limit <= LONGEST_LIMIT) {
        const armed = clock.arm(limit, () => {
          this.#watchers.delete(watcher);
          resolve(undefined);
        });
        watcher.resolve = ready => {
          clock.disarm(armed);
          resolve(ready);
        };
        watcher.reject = failure => {
          clock.disarm(armed);
          reject(failure);
        };
      }
      if (!this.#looking) this.#look();
    });
  }

  /** Tell all watchers how much there is when it is there. */
  #look(): void {
    this.#looking = true;
    const looked = this.#next(async () => {
      const piece = await this.#taken();
      this.#keep(piece);
      return piece?.length ?? 0;
    });
    const tell = (each: (watcher: Watcher) => void) => {
      this.#looking = false;
      const watchers = [...this.#watchers];
      this.#watchers.clear();
      watchers.forEach(each);
    };
    looked.then(
      ready => tell(watcher => watcher.resolve(ready)),
      failure => tell(watcher => watcher.reject(failure)),
    );
  }

  async #taken(): Promise<Buffer | undefined> {
    if (this.#rest !== undefined) return this.#rest;
    const piece = await this.#terminal.readPiece();
    return piece && Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  }

  #keep(rest: Buffer | undefined): void {
    this.#rest = rest === undefined || rest.length === 0 ? undefined : rest;
  }

  #next<T>(read: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(read);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
