/**
 * The terminal as programs see it through the `io` capability: arguments, output, input. A seam, so that tests and
 * worker threads can put another one in its place (`remote_services.ts` serves workers from the main thread).
 */
import type { Readable } from 'node:stream';
import { TroupeError } from '../errors.ts';

export interface Terminal {
  /** What followed the command's name on the command line. */
  readonly args: readonly string[];
  /** Width of the output in characters; 80 where it is no terminal. */
  readonly columns: number;
  /** Whether the output is shown on a screen: colours and progress bars make sense. */
  readonly isTty: boolean;
  /** Settles when the output has taken it, so that a fast writer waits. Rejects UNAVAILABLE where it is closed. */
  write(text: string | Uint8Array): Promise<void>;
  writeError(text: string | Uint8Array): Promise<void>;
  /** The next line of input without its line end, or undefined at the end of input. */
  readLine(): Promise<string | undefined>;
  /** Bytes of input as they came: all that there are, from a terminal a line; undefined at the end. */
  readPiece(): Promise<Uint8Array | undefined>;
}

const DEFAULT_COLUMNS = 80;
const LONGEST_LINE = 16 * 1024 * 1024;

/** Over this process's stdin, stdout and stderr, or over the streams given. Input is not touched until a line is asked for. */
export class StreamTerminal implements Terminal {
  readonly args: readonly string[];
  readonly #output: Output;
  readonly #errors: Output;
  readonly #lines: LineReader;
  readonly #screen: NodeJS.WritableStream & { columns?: number; isTTY?: boolean };

  constructor(
    args: readonly string[],
    input: () => NodeJS.ReadableStream = () => process.stdin,
    output: NodeJS.WritableStream = process.stdout,
    errors: NodeJS.WritableStream = process.stderr,
  ) {
    this.args = args;
    this.#screen = output;
    this.#output = new Output(output, 'standard output');
    this.#errors = new Output(errors, 'standard error');
    this.#lines = new LineReader(input);
  }

  get columns(): number {
    return this.#screen.columns ?? DEFAULT_COLUMNS;
  }

  get isTty(): boolean {
    return this.#screen.isTTY === true;
  }

  write(text: string | Uint8Array): Promise<void> {
    return this.#output.write(text);
  }

  writeError(text: string | Uint8Array): Promise<void> {
    return this.#errors.write(text);
  }

  async readLine(): Promise<string | undefined> {
    const line = await this.#lines.next(true);
    return line === undefined ? undefined : withoutEnd(line.toString('utf8'));
  }

  readPiece(): Promise<Uint8Array | undefined> {
    return this.#lines.next(false);
  }

  /** Nobody reads any more: input that was waited for and has not come no longer keeps Node alive. */
  closeInput(): void {
    this.#lines.close();
  }
}

/** Everything in memory, for tests: give it lines to read, look at what was written. */
export class MemoryTerminal implements Terminal {
  readonly args: readonly string[];
  readonly columns: number;
  readonly isTty: boolean;
  output = '';
  errors = '';
  readonly #input: string[];

  constructor(
    options: { args?: readonly string[]; input?: readonly string[]; columns?: number; isTty?: boolean } = {},
  ) {
    this.args = options.args ?? [];
    this.columns = options.columns ?? DEFAULT_COLUMNS;
    this.isTty = options.isTty ?? false;
    this.#input = [...(options.input ?? [])];
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
}

function asText(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString();
}

/** A writable stream whose failure (a closed pipe) is an answer to the writer, not an uncaught exception. */
class Output {
  readonly #stream: NodeJS.WritableStream;
  readonly #name: string;
  #watched = false;

  constructor(stream: NodeJS.WritableStream, name: string) {
    this.#stream = stream;
    this.#name = name;
  }

  write(text: string | Uint8Array): Promise<void> {
    if (!this.#watched) {
      this.#watched = true;
      // The failure itself reaches the writer through the callback below.
      this.#stream.on('error', () => undefined);
    }
    return new Promise((resolve, reject) => {
      this.#stream.write(text, failure => {
        if (failure === undefined || failure === null) resolve();
        else reject(new TroupeError(`${this.#name} is closed: ${failure.message}`, { kind: 'UNAVAILABLE' }));
      });
    });
  }
}

interface LineWaiter {
  /** Only a whole line will do. */
  readonly whole: boolean;
  resolve(line: Buffer | undefined): void;
  reject(error: TroupeError): void;
}

const LINE_END = 10;

/** Lines of a stream, read only while somebody waits for one, so that an idle program can end. */
class LineReader {
  readonly #open: () => NodeJS.ReadableStream;
  readonly #waiting: LineWaiter[] = [];
  /** Whole lines with their ends. */
  readonly #lines: Buffer[] = [];
  #stream: NodeJS.ReadableStream | undefined;
  /** The beginning of a line, in the pieces in which it came. */
  #partial: Buffer[] = [];
  #partialLength = 0;
  #ended = false;
  #failure: TroupeError | undefined;

  constructor(open: () => NodeJS.ReadableStream) {
    this.#open = open;
  }

  /** A line with its end, as it came; if `whole` is false all that has come, whether lines or a part of one. */
  next(whole: boolean): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ whole, resolve, reject });
      if (this.#stream === undefined) this.#start();
      this.#deliver();
    });
  }

  close(): void {
    (this.#stream as Readable | undefined)?.destroy();
    this.#finish(undefined);
  }

  #start(): void {
    const stream = this.#open();
    this.#stream = stream;
    stream.on('data', (chunk: Buffer | string) => this.#take(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    stream.on('end', () => this.#finish(undefined));
    stream.on('close', () => this.#finish(undefined));
    stream.on('error', (thrown: Error) =>
      this.#finish(new TroupeError(`standard input cannot be read: ${thrown.message}`, { kind: 'UNAVAILABLE' })),
    );
  }

  #take(chunk: Buffer): void {
    // Who is content with anything waits only where nothing is kept; a chunk that one takes whole is not cut into lines.
    if (this.#waiting.length > 0 && !this.#waiting[0].whole) {
      (this.#waiting.shift() as LineWaiter).resolve(chunk);
      this.#deliver();
      return;
    }
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      this.#begin(chunk.subarray(from, end + 1));
      this.#lines.push(this.#taken());
      from = end + 1;
    }
    if (from < chunk.length) this.#begin(chunk.subarray(from));
    if (this.#partialLength > LONGEST_LINE) {
      this.#taken();
      this.#finish(new TroupeError('a line of input is longer than 16 MiB', { kind: 'INVALID' }));
    }
    this.#deliver();
  }

  #begin(piece: Buffer): void {
    this.#partial.push(piece);
    this.#partialLength += piece.length;
  }

  /** What there is of a line. */
  #taken(): Buffer {
    const line = this.#partial.length === 1 ? this.#partial[0] : Buffer.concat(this.#partial);
    this.#partial = [];
    this.#partialLength = 0;
    return line;
  }

  /** Everything that is kept; undefined for nothing. */
  #all(): Buffer | undefined {
    const lines = this.#lines.splice(0);
    if (this.#partialLength > 0) lines.push(this.#taken());
    return lines.length > 1 ? Buffer.concat(lines) : lines[0];
  }

  #finish(failure: TroupeError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    if (this.#partialLength > 0) this.#lines.push(this.#taken());
    this.#deliver();
  }

  #deliver(): void {
    while (this.#waiting.length > 0) {
      const line = this.#waiting[0].whole ? this.#lines.shift() : this.#all();
      if (line === undefined) break;
      (this.#waiting.shift() as LineWaiter).resolve(line);
    }
    if (this.#ended) {
      for (const waiter of this.#waiting.splice(0)) {
        if (this.#failure === undefined) waiter.resolve(undefined);
        else waiter.reject(this.#failure);
      }
    } else if (this.#waiting.length > 0) this.#stream?.resume();
    else this.#stream?.pause();
  }
}

/** A line without its line end. */
export function withoutEnd(line: string): string {
  const end = line.endsWith('\n') ? line.length - 1 : line.length;
  return line.slice(0, line[end - 1] === '\r' ? end - 1 : end);
}
