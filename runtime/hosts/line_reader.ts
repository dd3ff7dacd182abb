/** Lines of a stream, read only while somebody waits for one, so that an idle program can end. */
import type { Readable } from 'node:stream';
import { TroupeError } from '../errors.ts';

const LONGEST_LINE = 16 * 1024 * 1024;
/** Bytes typed in raw mode that nobody has read yet; what comes on top of them is lost, as in a terminal's own queue. */
const MOST_TYPED_AHEAD = 1024 * 1024;
const LINE_END = 10;

interface LineWaiter {
  /** Only a whole line will do. */
  readonly whole: boolean;
  resolve(line: Buffer | undefined): void;
  reject(error: TroupeError): void;
}

export class LineReader {
  readonly #open: () => NodeJS.ReadableStream;
  readonly #waiting: LineWaiter[] = [];
  /** Whole lines with their ends. */
  readonly #lines: Buffer[] = [];
  #linesLength = 0;
  #stream: NodeJS.ReadableStream | undefined;
  /** The beginning of a line, in the pieces in which it came. */
  #partial: Buffer[] = [];
  #partialLength = 0;
  #ended = false;
  #failure: TroupeError | undefined;
  #signals: ReadonlyMap<number, () => void> | undefined;

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

  /**
   * From now on bytes that are in `signals` are no input: what was typed before them is forgotten, and they are called, also
   * while nobody reads. For that all input is read at once. Undefined: as usual again.
   */
  watchFor(signals: ReadonlyMap<number, () => void> | undefined): void {
    this.#signals = signals;
    if (signals !== undefined && this.#stream === undefined) this.#start();
    this.#deliver();
  }

  close(): void {
    this.#signals = undefined;
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

  #take(came: Buffer): void {
    const chunk = this.#signals === undefined ? came : this.#withoutSignals(came, this.#signals);
    if (chunk.length === 0) return;
    // Who is content with anything waits only where nothing is kept; a chunk that one takes whole is not cut into lines.
    if (this.#waiting.length > 0 && !this.#waiting[0].whole) {
      (this.#waiting.shift() as LineWaiter).resolve(chunk);
      this.#deliver();
      return;
    }
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      this.#begin(chunk.subarray(from, end + 1));
      this.#keepLine();
      from = end + 1;
    }
    if (from < chunk.length) this.#begin(chunk.subarray(from));
    if (this.#partialLength > LONGEST_LINE) {
      this.#taken();
      this.#finish(new TroupeError('a line of input is longer than 16 MiB', { kind: 'INVALID' }));
    }
    this.#deliver();
  }

  /** What is left of a chunk in raw mode. */
  #withoutSignals(chunk: Buffer, signals: ReadonlyMap<number, () => void>): Buffer {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const raise = signals.get(chunk[at]);
      if (raise === undefined) continue;
      from = at + 1;
      this.#lines.length = 0;
      this.#linesLength = 0;
      this.#taken();
      raise();
    }
    const room = MOST_TYPED_AHEAD - this.#linesLength - this.#partialLength;
    return chunk.subarray(from, from + Math.max(0, room));
  }

  #begin(piece: Buffer): void {
    this.#partial.push(piece);
    this.#partialLength += piece.length;
  }

  #keepLine(): void {
    const line = this.#taken();
    this.#lines.push(line);
    this.#linesLength += line.length;
  }

  #nextLine(): Buffer | undefined {
    const line = this.#lines.shift();
    this.#linesLength -= line?.length ?? 0;
    return line;
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
    this.#linesLength = 0;
    if (this.#partialLength > 0) lines.push(this.#taken());
    return lines.length > 1 ? Buffer.concat(lines) : lines[0];
  }

  #finish(failure: TroupeError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    if (this.#partialLength > 0) this.#keepLine();
    this.#deliver();
  }

  #deliver(): void {
    while (this.#waiting.length > 0) {
      const line = this.#waiting[0].whole ? this.#nextLine() : this.#all();
      if (line === undefined) break;
      (this.#waiting.shift() as LineWaiter).resolve(line);
    }
    if (this.#ended) {
      for (const waiter of this.#waiting.splice(0)) {
        if (this.#failure === undefined) waiter.resolve(undefined);
        else waiter.reject(this.#failure);
      }
    } else if (this.#waiting.length > 0 || this.#signals !== undefined) this.#stream?.resume();
    else this.#stream?.pause();
  }
}

/** A line without its line end. */
export function withoutEnd(line: string): string {
  const end = line.endsWith('\n') ? line.length - 1 : line.length;
  return line.slice(0, line[end - 1] === '\r' ? end - 1 : end);
}
