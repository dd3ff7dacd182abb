/** A client of a running deployment. */
import { connect, type Socket } from 'node:net';
import { systemClock } from '../clock.ts';
import { formatDuration } from '../duration.ts';
import { isErrorKind, TroupeError } from '../errors.ts';
import { escapeControls } from '../logger.ts';
import { DeploymentError } from '../registry/problem.ts';
import { LineTooLong, Lines } from './lines.ts';
import { type Hello, LONGEST_ANSWER, PROTOCOL, type Reply, type ShownError } from './protocol.ts';
import type { RequestWithoutId } from './request_schema.ts';

/** Milliseconds that a runtime has to greet, and to answer. */
const GREETING_TIMEOUT = 5_000;
const ANSWER_TIMEOUT = 30_000;

interface Waiting {
  resolve(line: string): void;
  reject(error: TroupeError): void;
}

export class InspectClient {
  readonly #socket: Socket;
  readonly #lines = new Lines(LONGEST_ANSWER);
  #waiting: Waiting | undefined = undefined;
  #lost: TroupeError | undefined = undefined;
  #nextId = 1;
  #hello: Hello | undefined = undefined;

  private constructor(address: string) {
    this.#socket = connect(address);
    this.#socket.on('data', piece => this.#arrived(piece as Buffer));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(unreachable(error)));
    this.#socket.on('close', () => this.#fail(gone()));
  }

  /**
   * Rejects with UNAVAILABLE, `details.code` of the system, where nobody listens; TIMEOUT where nobody greets; INVALID for a
   * runtime that speaks another protocol.
   */
  static async connect(address: string): Promise<InspectClient> {
    const client = new InspectClient(address);
    try {
      const line = await client.#exchange(JSON.stringify({ hello: PROTOCOL }), GREETING_TIMEOUT);
      const said = parsed(line) as Hello | { readonly error: ShownError };
      if ('error' in said) throw errorOf(said.error);
      client.#hello = said;
      return client;
    } catch (thrown) {
      client.close();
      throw thrown;
    }
  }

  get hello(): Hello {
    return this.#hello!;
  }

  /** One at a time. Rejects with the error that the runtime answers, a DeploymentError where that has several. `timeout`: milliseconds. */
  async ask<T>(request: RequestWithoutId, timeout = ANSWER_TIMEOUT): Promise<T> {
    const id = this.#nextId++;
    const line = await this.#exchange(JSON.stringify({ id, ...request }), timeout);
    const reply = parsed(line) as Reply;
    if ('value' in reply) return reply.value as T;
    throw errorOf(reply.error);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #exchange(line: string, timeout: number): Promise<string> {
    if (this.#lost !== undefined) throw this.#lost;
    let timer: unknown;
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        // Its answer could be taken for that of the next question, so there is none.
        timer = systemClock.arm(timeout, () => this.#fail(silent(timeout)));
        this.#socket.write(`${line}\n`);
      });
    } finally {
      systemClock.disarm(timer);
      this.#waiting = undefined;
    }
  }

  #arrived(piece: Buffer): void {
    try {
      this.#lines.push(piece);
      const line = this.#lines.next();
      if (line !== undefined) this.#waiting?.resolve(Buffer.from(line).toString('utf8'));
    } catch (thrown) {
      if (!(thrown instanceof LineTooLong)) throw thrown;
      this.#fail(new TroupeError('the runtime answered with a line that is too long', { kind: 'INVALID' }));
    }
  }

  #fail(error: TroupeError): void {
    this.#lost ??= error;
    this.#waiting?.reject(this.#lost);
    this.#socket.destroy();
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new TroupeError('the runtime answered with a line that is no JSON', { kind: 'INVALID' });
  }
}

/** Names that a program has chosen are in messages, and must not steer the terminal on which they are shown. */
function errorOf({ kind, message, problems }: ShownError): TroupeError | DeploymentError {
  if (problems !== undefined) return new DeploymentError(problems);
  return new TroupeError(escapeControls(message), { kind: isErrorKind(kind) ? kind : 'UNKNOWN' });
}

function unreachable({ code, message }: NodeJS.ErrnoException): TroupeError {
  return new TroupeError(`the runtime cannot be reached: ${message}`, {
    kind: 'UNAVAILABLE',
    retryable: false,
    details: { code: code ?? null },
  });
}

function gone(): TroupeError {
  return new TroupeError('the runtime has ended', { kind: 'UNAVAILABLE', retryable: false });
}

function silent(timeout: number): TroupeError {
  return new TroupeError(
    `the runtime did not answer within ${formatDuration(timeout)}: its main thread is busy, or its process is stopped`,
    { kind: 'TIMEOUT', retryable: true },
  );
}
