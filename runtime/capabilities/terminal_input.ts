/**
 * Standard input in lines, in pieces of lines and in keys: whoever reads a part leaves the rest to the next, whatever that
 * one reads.
 */
import type { Clock } from '../clock.ts';
import { TroupeError } from '../errors.ts';
import { withoutEnd } from '../hosts/line_reader.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { decodeKey, type Key, PASTE_END } from './terminal_key.ts';

const LINE_END = 10;

/** Milliseconds that a clock can be armed for; whoever waits longer waits for ever. */
const LONGEST_LIMIT = 0x7fffffff;

/** Milliseconds that a terminal needs at most between two bytes of one key: a lone Escape is one after that. */
const KEY_PAUSE = 50;
/** Milliseconds of silence after which a paste is over although its end was not marked. */
const PASTE_PAUSE = 1000;
const LONGEST_PASTE = 16 * 1024 * 1024;

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
  /** What was asked of the terminal and has not come. Whoever waits for it may give up; it still comes. */
  #coming: Promise<boolean> | undefined;
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
      if (this.#rest === undefined && this.#coming === undefined) return await this.#terminal.readLine();
      let end = -1;
      do end = this.#rest?.indexOf(LINE_END) ?? -1;
      while (end < 0 && (await this.#pull()));
      const line = this.#rest;
      if (line === undefined) return undefined;
      this.#keep(end < 0 ? undefined : line.subarray(end + 1));
      return withoutEnd(line.toString('utf8', 0, end < 0 ? line.length : end + 1));
    });
  }

  /** Up to `most` bytes as they came, at least one; undefined at the end of input. */
  read(most: number): Promise<Uint8Array | undefined> {
    return this.#next(async () => {
      if (this.#rest === undefined) await this.#pull();
      const piece = this.#rest;
      this.#keep(piece?.subarray(most));
      return piece && new Uint8Array(piece.subarray(0, most));
    });
  }

  /** The next key; null where none comes within so many milliseconds (infinity: for ever), undefined at the end of input. */
  async readKey(clock: Clock, limit: number): Promise<Key | null | undefined> {
    const until = clock.now() + limit;
    for (;;) {
      const ready = await this.ready(clock, Math.max(0, until - clock.now()));
      if (ready === undefined) return null;
      if (ready === 0) return undefined;
      // Somebody else may have been faster.
      const key = await this.#next(() => this.#takeKey(clock));
      if (key !== undefined) return key;
    }
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
      if (this.#rest === undefined) await this.#pull();
      return this.#rest?.length ?? 0;
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

  /** The key at the front of what there is; waits only for the rest of one that has begun. */
  async #takeKey(clock: Clock): Promise<Key | undefined> {
    if (this.#rest === undefined) return undefined;
    let found = decodeKey(this.#rest, false);
    while (found === undefined) found = decodeKey(this.#rest, !(await this.#more(clock, KEY_PAUSE)));
    const { key, length } = found;
    this.#keep(this.#rest.subarray(length));
    return key.key === 'paste' ? { ...key, text: await this.#takePaste(clock) } : key;
  }

  /** Up to its mark. Lines end as in files. */
  async #takePaste(clock: Clock): Promise<string> {
    const pieces: Buffer[] = [];
    let length = 0;
    for (;;) {
      const piece: Buffer = this.#rest ?? Buffer.alloc(0);
      const end = piece.indexOf(PASTE_END);
      // A mark may be cut in two: what could be its beginning waits for more.
      const sure = end < 0 ? Math.max(0, piece.length - PASTE_END.length + 1) : end;
      pieces.push(piece.subarray(0, sure));
      length += sure;
      this.#keep(piece.subarray(end < 0 ? sure : end + PASTE_END.length));
      if (length > LONGEST_PASTE) throw new TroupeError('a paste is longer than 16 MiB', { kind: 'INVALID' });
      if (end >= 0) break;
      if (await this.#more(clock, PASTE_PAUSE)) continue;
      if (this.#rest !== undefined) pieces.push(this.#rest);
      this.#rest = undefined;
      break;
    }
    return Buffer.concat(pieces).toString('utf8').replaceAll(/\r\n?/g, '\n');
  }

  /** Wait for more, so long at most: whether it came. */
  #more(clock: Clock, milliseconds: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const armed = clock.arm(milliseconds, () => resolve(false));
      this.#pull()
        .finally(() => clock.disarm(armed))
        .then(resolve, reject);
    });
  }

  /** Add what comes next to what there is; false at the end of input. */
  #pull(): Promise<boolean> {
    if (this.#coming === undefined) {
      const coming = this.#terminal.readPiece().then(piece => {
        this.#coming = undefined;
        if (piece === undefined) return false;
        const came = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
        this.#keep(this.#rest === undefined ? came : Buffer.concat([this.#rest, came]));
        return true;
      });
      // Where nobody waits any more, the next one who does is told.
      coming.catch(() => {
        this.#coming = undefined;
      });
      this.#coming = coming;
    }
    return this.#coming;
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
