import { deserialize, serialize } from 'node:v8';
import type { BoundCapability } from '../../../runtime/capabilities/capability.ts';
import { TroupeError } from '../../../runtime/errors.ts';
import type { BoundOperation, Payload } from '../../../runtime/machine.ts';
import { Unwinding } from '../instance/ending.ts';
import type { Guest } from '../instance/guest.ts';
import { Descriptors, type DescriptorsRecord } from './descriptors.ts';
import { Errno, errnoOf, Refusal, refuse } from './errno.ts';
import type { WasiGrants } from './grants.ts';
import { LogLines } from './log_lines.ts';
import { WasiMemory } from './wasi_memory.ts';

/** A record of the log takes as long as so many calls. */
const RECORD_CALLS = 8;
/** Thrown where a call waits, through its body. */
const WAITING = Symbol('waiting');

/** The body of a call. What it returns without an exception is success; a `Refusal` is the number answered instead. */
export type WasiBody = (wasi: WasiProcess, ...args: any[]) => void;

/**
 * What one process has of WASI: descriptors, arguments, environment, and the answers of the call that is under way.
 *
 * The body of a call that waits is run again from its beginning each time there is an answer, and gets the earlier ones
 * from `#answers` at once. So until its last `ask` a body must change nothing and do the same each time.
 */
export class WasiProcess {
  readonly grants: WasiGrants;
  readonly memory: WasiMemory;
  readonly descriptors = new Descriptors();
  readonly #guest: Guest;
  readonly #output: LogLines | undefined;
  readonly #errors: LogLines | undefined;
  #args: readonly Uint8Array[] | undefined;
  #environment: readonly Uint8Array[] | undefined;
  /** Name of the call that waits. */
  #waiting: string | undefined;
  readonly #answers: unknown[] = [];
  #used = 0;

  /** `record`: of the process that goes on here. */
  constructor(guest: Guest, grants: WasiGrants, record?: Uint8Array) {
    this.#guest = guest;
    this.grants = grants;
    this.memory = new WasiMemory(guest.loaded.memory);
    const { io, logger } = grants;
    if (io === undefined && logger !== undefined) {
      this.#output = this.#lines(logger, 'info');
      this.#errors = this.#lines(logger, 'warn');
    }
    if (record === undefined) this.#open();
    else this.#restore(deserialize(record) as WasiRecord);
  }

  #open(): void {
    const { io, logger, fs } = this.grants;
    if (io !== undefined) this.descriptors.openStreams(this.#guest.operate(io.operations.is_tty, []) === true, true);
    else if (logger !== undefined) this.descriptors.openStreams(true, false);
    if (fs !== undefined) this.descriptors.openRoot();
  }

  #lines(logger: BoundCapability, level: string): LogLines {
    return new LogLines(line => {
      this.charge(RECORD_CALLS);
      this.#guest.operate(logger.operations[level], [line]);
    });
  }

  /**
   * What goes along in an image; undefined while it holds what cannot: open files, also one that is being opened and will
   * be open here, or an error that is still wanted.
   */
  record(): Uint8Array | undefined {
    if (
      this.#waiting === 'path_open' ||
      this.descriptors.anyFile ||
      this.#answers.some(answer => answer instanceof TroupeError)
    )
      return undefined;
    const record: WasiRecord = {
      waiting: this.#waiting,
      answers: this.#answers,
      descriptors: this.descriptors.record(),
      output: this.#output?.partial,
      errors: this.#errors?.partial,
    };
    return serialize(record);
  }

  #restore({ waiting, answers, descriptors, output, errors }: WasiRecord): void {
    this.#waiting = waiting;
    this.#answers.push(...answers);
    this.descriptors.restore(descriptors);
    if (output !== undefined) this.#output?.write(output);
    if (errors !== undefined) this.#errors?.write(errors);
  }

  /** The process ends: log what is left of a line. */
  end(): void {
    this.#output?.flush();
    this.#errors?.flush();
  }

  /** The call handles so many things, each about as much work as a call: strings, records, pieces of what is copied. */
  charge(things: number): void {
    this.#guest.read.charge(things);
  }

  // --- calls ----------------------------------------------------------------------------------------------------

  /** Run the body of a call that does not wait. */
  perform(body: WasiBody, args: readonly unknown[]): number {
    this.charge(1);
    try {
      body(this, ...args);
      return Errno.SUCCESS;
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown.errno;
      throw thrown;
    }
  }

  /** Run the body of a call that can wait; what it answers while it does means nothing. */
  performWaiting(name: string, body: WasiBody, args: readonly unknown[]): number {
    if (this.#guest.isResuming() && this.#waiting === name) this.#answers.push(this.#guest.answered());
    else this.#answers.length = 0;
    this.#used = 0;
    this.#waiting = undefined;
    try {
      return this.perform(body, args);
    } catch (thrown) {
      if (thrown !== WAITING) throw thrown;
      this.#waiting = name;
      return Errno.SUCCESS;
    } finally {
      if (this.#waiting === undefined) this.#answers.length = 0;
    }
  }

  /** The result of an operation, for which the call may have to wait; a `Refusal` where it failed. */
  ask(operation: BoundOperation, args: () => readonly Payload[]): Payload {
    const result = this.askOrFail(operation, args);
    return result instanceof TroupeError ? refuse(errnoOf(result)) : result;
  }

  /** `ask` where the error is the body's to judge. */
  askOrFail(operation: BoundOperation, args: () => readonly Payload[]): Payload | TroupeError {
    return this.#answered(() => this.#guest.operate(operation, args())) as Payload | TroupeError;
  }

  /** Wait for so many milliseconds. */
  pause(milliseconds: number): void {
    const over = this.#answered(() => this.#guest.pause(milliseconds));
    if (over instanceof TroupeError) refuse(errnoOf(over));
  }

  /** Let others have their turn. */
  yieldTurn(): void {
    this.#answered(() => (this.#guest.yieldTurn() ? undefined : null));
  }

  /** What was computed once, however often the body runs. */
  remember<T>(compute: () => T): T {
    return this.#answered(compute) as T;
  }

  #answered(begin: () => unknown): unknown {
    if (this.#used < this.#answers.length) return this.#answers[this.#used++];
    const result = begin();
    if (result === undefined) throw WAITING;
    this.#answers.push(result);
    this.#used++;
    return result;
  }

  /** The result of an operation that answers at once. */
  now(operation: BoundOperation, args: readonly Payload[] = []): Payload {
    const result = this.#guest.operate(operation, args);
    return result instanceof TroupeError ? refuse(errnoOf(result)) : result;
  }

  /** End the process; does not return. */
  exit(code: number): never {
    if (code === 0) throw new Unwinding({ how: 'exit', value: null });
    throw new Unwinding({
      how: 'fail',
      error: new TroupeError(`${this.#guest.out.id} ended with exit code ${code}`, {
        kind: 'INTERNAL',
        details: { exit_code: code },
      }),
    });
  }

  /** Output of a process whose streams lead to the log: how much of it was taken. */
  log(stream: 'output' | 'error', bytes: Uint8Array): number {
    return (stream === 'output' ? this.#output : this.#errors)?.write(bytes) ?? bytes.length;
  }

  // --- arguments and environment --------------------------------------------------------------------------------

  /** `argv`: the name of the entry, then the arguments, each as C's strings are. Ends the process if one is no text. */
  get args(): readonly Uint8Array[] {
    const { args, out } = this.#guest;
    return (this.#args ??= [out.id.slice(out.id.indexOf(':') + 1), ...args.map(argumentText)].map(cString));
  }

  /** `NAME=value`, each as C's strings are; none without `env`. */
  get environment(): readonly Uint8Array[] {
    const { env } = this.grants;
    if (env === undefined) return [];
    this.#environment ??= Object.entries(this.now(env.operations.get_all) as { [name: string]: string })
      .map(([name, value]) => `${name}=${value}`)
      .map(cString);
    return this.#environment;
  }
}

/** What a moved process has of WASI. Integers beyond 53 bits are in it, so it is not a payload. */
interface WasiRecord {
  readonly waiting: string | undefined;
  readonly answers: readonly unknown[];
  readonly descriptors: DescriptorsRecord;
  /** Lines without an end. */
  readonly output: Uint8Array | undefined;
  readonly errors: Uint8Array | undefined;
}

function argumentText(value: Payload, index: number): string {
  const plain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  if (typeof value === 'string' && value.includes('\0')) throw badArgument(index, 'holds a zero byte');
  if (typeof value !== 'string' && !plain) throw badArgument(index, 'is neither text nor a number nor true or false');
  return String(value);
}

function badArgument(index: number, what: string): Unwinding {
  const error = new TroupeError(`argument ${index + 1} ${what}; a WASI program is given text only`, {
    kind: 'INVALID',
    retryable: false,
  });
  return new Unwinding({ how: 'fail', error });
}

function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, 'utf8');
}
