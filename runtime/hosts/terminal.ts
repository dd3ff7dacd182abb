/**
 * The terminal as programs see it through the `io` capability: arguments, output, input. A seam, so that tests and
 * worker threads can put another one in its place (`remote_services.ts` serves workers from the main thread).
 */
import { StringDecoder } from 'node:string_decoder';
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

  readLine(): Promise<string | undefined> {
    return this.#lines.next();
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
  resolve(line: string | undefined): void;
  reject(error: TroupeError): void;
}

/** Lines of a stream, read only while somebody waits for one, so that an idle program can end. */
class LineReader {
  readonly #open: () => NodeJS.ReadableStream;
  readonly #decoder = new StringDecoder('utf8');
  readonly #waiting: LineWaiter[] = [];
  readonly #lines: string[] = [];
  #stream: NodeJS.ReadableStream | undefined;
  #partial = '';
  #ended = false;
  #failure: TroupeError | undefined;

  constructor(open: () => NodeJS.ReadableStream) {
    this.#open = open;
  }

  next(): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#stream === undefined) this.#start();
      this.#deliver();
    });
  }

  #start(): void {
    const stream = this.#open();
    this.#stream = stream;
    stream.on('data', (chunk: Buffer | string) => this.#take(chunk));
    stream.on('end', () => this.#finish(undefined));
    stream.on('close', () => this.#finish(undefined));
    stream.on('error', (thrown: Error) =>
      this.#finish(new TroupeError(`standard input cannot be read: ${thrown.message}`, { kind: 'UNAVAILABLE' })),
    );
  }

  #take(chunk: Buffer | string): void {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
    const lines = text.split('\n');
    lines[0] = this.#partial + lines[0];
    this.#partial = lines.pop() as string;
    for (const line of lines) this.#lines.push(withoutReturn(line));
    if (this.#partial.length > LONGEST_LINE) {
      this.#partial = '';
      this.#finish(new TroupeError('a line of input is longer than 16 MiB', { kind: 'INVALID' }));
    }
    this.#deliver();
  }

  #finish(failure: TroupeError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    const last = this.#partial + this.#decoder.end();
    this.#partial = '';
    if (last !== '') this.#lines.push(withoutReturn(last));
    this.#deliver();
  }

  #deliver(): void {
    while (this.#waiting.length > 0 && this.#lines.length > 0) {
      (this.#waiting.shift() as LineWaiter).resolve(this.#lines.shift());
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

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
