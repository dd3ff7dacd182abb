/**
 * An answer as it comes in: counted while it comes, and unpacked piece by piece, so that nothing is ever held that is
 * longer than what was allowed, whatever a server says of its length.
 */
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Transform } from 'node:stream';
import type { Dispatcher } from 'undici';

export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  /** By lower-case names, in the order in which they came. Of a body that was unpacked without what said so. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

/** How many bytes may come: for this answer, and for others that share what is left. */
export interface Allowance {
  /** For this answer, packed or not. */
  readonly most: number;
  /** Counts them; false: that is too many. */
  take(bytes: number): boolean;
}

/** The answer is longer than it may be. */
export class TooLong extends Error {}

const DECODERS: { readonly [coding: string]: (() => Transform) | undefined } = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** What is asked for where the program says nothing. */
export const ACCEPTED = 'gzip, deflate, br';

type Settled = (answer: HttpAnswer) => void;

export class AnswerReceiver implements Dispatcher.DispatchHandlers {
  readonly #allowanceOf: (status: number, headers: HttpAnswer['headers']) => Allowance;
  readonly #resolve: Settled;
  readonly #reject: (error: Error) => void;
  #status = 0;
  #statusText = '';
  #headers = new Map<string, string[]>();
  #allowance: Allowance = { most: 0, take: () => false };
  #resume: () => void = () => undefined;
  #decoder: Transform | undefined;
  /** Everything has come; everything is unpacked, though more may come that belongs to nothing. */
  #complete = false;
  #decoded = false;
  /** Of what came, and of what it was unpacked to. */
  #received = 0;
  #unpacked = 0;
  #pieces: Buffer[] = [];
  #settled = false;

  constructor(
    allowanceOf: (status: number, headers: HttpAnswer['headers']) => Allowance,
    resolve: Settled,
    reject: (error: Error) => void,
  ) {
    this.#allowanceOf = allowanceOf;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onConnect(): void {}

  onHeaders(status: number, raw: Buffer[], resume: () => void, statusText: string): boolean {
    // What comes before the answer itself.
    if (status < 200) return true;
    this.#status = status;
    this.#statusText = statusText;
    this.#resume = resume;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i].toString('latin1').toLowerCase();
      const value = raw[i + 1].toString('latin1');
      const values = this.#headers.get(name);
      if (values === undefined) this.#headers.set(name, [value]);
      else values.push(value);
    }
    this.#allowance = this.#allowanceOf(status, this.#headers);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#settled) return true;
    if (this.#received === 0) this.#decoder = this.#makeDecoder();
    this.#received += chunk.length;
    const decoder = this.#decoder;
    if (decoder === undefined) {
      this.#keep(chunk);
      return true;
    }
    // What unpacks to nothing could go on for ever.
    if (this.#received > this.#allowance.most) {
      this.fail(new TooLong());
      return true;
    }
    if (this.#decoded || decoder.write(chunk)) return true;
    decoder.once('drain', this.#resume);
    return false;
  }

  onComplete(): void {
    this.#complete = true;
    if (this.#decoder === undefined || this.#decoded) this.#finish();
    else this.#decoder.end();
  }

  onError(error: Error): void {
    this.fail(error);
  }

  /** Whoever waits is told; what still comes is nobody's. */
  fail(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#pieces = [];
    this.#decoder?.destroy();
    this.#reject(error);
  }

  #makeDecoder(): Transform | undefined {
    const coding = this.#headers.get('content-encoding')?.join(',').trim().toLowerCase() ?? '';
    const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding]!() : undefined;
    if (decoder === undefined) return undefined;
    this.#headers.delete('content-encoding');
    this.#headers.delete('content-length');
    decoder.on('data', (piece: Buffer) => this.#keep(piece));
    decoder.on('end', () => {
      this.#decoded = true;
      // The connection is free only when all has come.
      if (this.#complete) this.#finish();
      else this.#resume();
    });
    decoder.on('error', error => this.fail(error));
    return decoder;
  }

  #keep(piece: Buffer): void {
    if (this.#settled) return;
    this.#unpacked += piece.length;
    if (this.#allowance.take(piece.length)) this.#pieces.push(piece);
    else this.fail(new TooLong());
  }

  #finish(): void {
    if (this.#settled) return;
    this.#settled = true;
    const body = Buffer.concat(this.#pieces, this.#unpacked);
    this.#pieces = [];
    this.#resolve({ status: this.#status, statusText: this.#statusText, headers: this.#headers, body });
  }
}
