/**
 * The terminal as programs see it through the `io` capability: arguments, output, input, keys, size. A seam, so that tests
 * and worker threads can put another one in its place (`remote_services.ts` serves workers from the main thread).
 */
import { TroupeError } from '../errors.ts';
import type { ColorDepth } from './color_depth.ts';

/** In characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Input key by key, without echo; what the keys do that otherwise are signals. */
export interface RawMode {
  readonly ctrlC: 'cancel' | 'key';
  readonly ctrlZ: 'suspend' | 'key';
}

export interface Terminal {
  /** What followed the command's name on the command line. */
  readonly args: readonly string[];
  /** Of the output, as it is now; 80 and 24 where it is no terminal. */
  readonly columns: number;
  readonly rows: number;
  /** Whether the output is shown on a screen: colours and progress bars make sense. */
  readonly isTty: boolean;
  /** The same of the standard error. */
  readonly errorsAreTty: boolean;
  /** Whether the input comes from a keyboard. */
  readonly inputIsTty: boolean;
  /** Of the output. */
  readonly colors: ColorDepth;
  /** Settles when the output has taken it, so that a fast writer waits. Rejects UNAVAILABLE where it is closed. */
  write(text: string | Uint8Array): Promise<void>;
  writeError(text: string | Uint8Array): Promise<void>;
  /** The next line of input without its line end, or undefined at the end of input. */
  readLine(): Promise<string | undefined>;
  /** Bytes of input as they came: all that there are, from a terminal a line, in raw mode a key; undefined at the end. */
  readPiece(): Promise<Uint8Array | undefined>;
  /** Undefined: lines again. Rejects UNAVAILABLE where the input is no terminal. */
  setRaw(mode: RawMode | undefined): Promise<void>;
  /** Call `listener` with each new size; answers how to stop. */
  onResize(listener: (size: TerminalSize) => void): () => void;
}

export const USUAL_SIZE: TerminalSize = { columns: 80, rows: 24 };

export interface MemoryTerminalOptions {
  readonly args?: readonly string[];
  readonly input?: readonly string[];
  readonly columns?: number;
  readonly rows?: number;
  /** Of input and outputs. */
  readonly isTty?: boolean;
  readonly colors?: ColorDepth;
}

/** Everything in memory, for tests: give it lines to read, look at what was written. */
export class MemoryTerminal implements Terminal {
  readonly args: readonly string[];
  readonly colors: ColorDepth;
  readonly isTty: boolean;
  output = '';
  errors = '';
  /** Undefined: lines. */
  raw: RawMode | undefined;
  #size: TerminalSize;
  readonly #input: string[];
  readonly #resized = new Set<(size: TerminalSize) => void>();

  constructor(options: MemoryTerminalOptions = {}) {
    this.args = options.args ?? [];
    this.#size = { columns: options.columns ?? USUAL_SIZE.columns, rows: options.rows ?? USUAL_SIZE.rows };
    this.isTty = options.isTty ?? false;
    this.colors = options.colors ?? 0;
    this.#input = [...(options.input ?? [])];
  }

  get columns(): number {
    return this.#size.columns;
  }

  get rows(): number {
    return this.#size.rows;
  }

  get errorsAreTty(): boolean {
    return this.isTty;
  }

  get inputIsTty(): boolean {
    return this.isTty;
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    for (const listener of this.#resized) listener(size);
  }

  async write(text: string | Uint8Array): Promise<void> {
    this.output += asText(text);
  }

  async writeError(text: string | Uint8Array): Promise<void> {
    this.errors += asText(text);
  }

  async readLine(): Promise<string | undefined> {
    return this.#input.shift();
  }

  async readPiece(): Promise<Uint8Array | undefined> {
    const line = this.#input.shift();
    return line === undefined ? undefined : Buffer.from(`${line}\n`, 'utf8');
  }

  async setRaw(mode: RawMode | undefined): Promise<void> {
    if (mode !== undefined && !this.inputIsTty) throw noKeyboard();
    this.raw = mode;
  }

  onResize(listener: (size: TerminalSize) => void): () => void {
    this.#resized.add(listener);
    return () => this.#resized.delete(listener);
  }
}

export function asText(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString();
}

export function noKeyboard(): TroupeError {
  return new TroupeError(
    'raw mode needs a terminal, and standard input is a file or a pipe: read lines there (io.is_tty("input") tells), or start it without < and |',
    { kind: 'UNAVAILABLE', retryable: false },
  );
}
