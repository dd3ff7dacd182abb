/**
 * One client of a runtime. Its requests are taken one after the other: while one is being answered, and until the answer
 * has left, nothing more is read, so that a client that asks faster than it reads waits in the operating system and costs
 * the runtime one line and one answer.
 */
import type { Socket } from 'node:net';
import { systemClock } from '../clock.ts';
import { toTroupeError } from '../errors.ts';
import { DeploymentError } from '../registry/problem.ts';
import { LineTooLong, Lines } from './lines.ts';
import { type Hello, LONGEST_ANSWER, LONGEST_REQUEST, type Reply, type ShownError } from './protocol.ts';
import type { Request } from './request_schema.ts';
import { readGreeting, readRequest } from './read_request.ts';

/** Requests a second, of which so many can come at once. */
const RATE = 100;

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly hello: Hello;
  answer(request: Request): Promise<unknown>;
  onClose(): void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #lines = new Lines(LONGEST_REQUEST);
  #greeted = false;
  #busy = false;
  /** The client says no more, but may read what is answered. */
  #ended = false;
  #closed = false;
  /** How many requests may come at once, as of `#countedAt`. */
  #allowance = RATE;
  #countedAt = systemClock.now();
  #pause: unknown = undefined;
  /** When it has begun, or its last request came: on the clock's time. */
  heardAt = systemClock.now();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#socket.on('data', piece => {
      this.#lines.push(piece as Buffer);
      this.#go();
    });
    this.#socket.on('end', () => {
      this.#ended = true;
      this.#go();
    });
    // A client that goes away is no failure of the runtime; `close` comes after it.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.close());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    systemClock.disarm(this.#pause);
    this.#socket.destroy();
    this.#options.onClose();
  }

  /** Take the next line if there is one and nothing else is under way. */
  #go(): void {
    if (this.#busy || this.#closed) return;
    try {
      const line = this.#lines.next();
      if (line !== undefined) {
        this.#busy = true;
        this.#socket.pause();
        void this.#take(line);
      } else if (this.#ended) this.#socket.end();
      else this.#socket.resume();
    } catch (thrown) {
      if (!(thrown instanceof LineTooLong)) throw thrown;
      this.#refuse({ kind: 'INVALID', message: `a line may have ${LONGEST_REQUEST} bytes` });
    }
  }

  async #take(line: Uint8Array): Promise<void> {
    this.heardAt = systemClock.now();
    if (!this.#greeted) {
      const fault = readGreeting(line);
      if (fault !== undefined) {
        this.#refuse(fault);
        return;
      }
      this.#greeted = true;
      await this.#write(JSON.stringify(this.#options.hello));
    } else {
      await this.#rest();
      if (!this.#closed) await this.#write(await this.#replyTo(line));
    }
    this.#busy = false;
    this.#go();
  }

  async #replyTo(line: Uint8Array): Promise<string> {
    let id: number | null = null;
    try {
      const read = readRequest(line);
      id = read.id;
      if (read.request === undefined) return errorLine(id, read.fault);
      const value = (await this.#options.answer(read.request)) ?? null;
      const text = JSON.stringify({ id, value } satisfies Reply);
      if (text.length <= LONGEST_ANSWER / 4) return text;
      return errorLine(id, { kind: 'RATE_LIMITED', message: 'the answer is too long; ask for less of it' });
    } catch (thrown) {
      return errorLine(id, shownError(thrown));
    }
  }

  /** Who asks too often waits. */
  async #rest(): Promise<void> {
    const now = systemClock.now();
    this.#allowance = Math.min(RATE, this.#allowance + ((now - this.#countedAt) * RATE) / 1_000) - 1;
    this.#countedAt = now;
    if (this.#allowance >= 0) return;
    await new Promise<void>(resolve => {
      this.#pause = systemClock.arm((-this.#allowance * 1_000) / RATE, resolve);
    });
  }

  /** Returns when the line has left, or the client. */
  async #write(line: string): Promise<void> {
    if (this.#closed || this.#socket.write(`${line}\n`)) return;
    await new Promise<void>(resolve => {
      const over = (): void => {
        this.#socket.off('drain', over);
        this.#socket.off('close', over);
        resolve();
      };
      this.#socket.on('drain', over);
      this.#socket.on('close', over);
    });
  }

  /** Say why, and hang up. */
  #refuse(fault: ShownError): void {
    this.#busy = true;
    this.#socket.end(`${errorLine(null, fault)}\n`, () => this.close());
  }
}

function shownError(thrown: unknown): ShownError {
  const { kind, message } = toTroupeError(thrown, 'INTERNAL');
  return thrown instanceof DeploymentError ? { kind, message, problems: thrown.problems } : { kind, message };
}

function errorLine(id: number | null, error: ShownError): string {
  return JSON.stringify({ id, error } satisfies Reply);
}
