/**
 * Errors as programs make and see them. The runtime's own errors describe the guest's world and carry no stack; those
 * that a program makes should say where, so the class that the SDK exports under the same name looks.
 */
import { captureStack, type ErrorOptions, TroupeError, toTroupeError } from '../../runtime/errors.ts';
import { copyPayloads } from '../../runtime/payload/copy.ts';
import type { Payload } from '../../runtime/payload/payload.ts';

/** `new TroupeError(message, { kind, retryable, details })`, with the stack of the program. */
export class GuestError extends TroupeError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options);
    if (options.stack === undefined) captureStack(this, GuestError);
  }

  /** An error that came from the runtime is a TroupeError too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof TroupeError;
  }
}

/** Throw what the runtime answered, with the stack of the program that it is thrown to. */
export function raise(error: TroupeError): never {
  captureStack(error, raise);
  throw error;
}

/**
 * Throw the error of a command where the program waits for it. One that ended another process keeps the stack of that
 * process; one that has none gets the place of the wait.
 */
export function rethrow(error: unknown): never {
  if (error instanceof TroupeError && !error.stack?.includes('\n')) captureStack(error, rethrow);
  throw error;
}

/** A frame of the host, or of Node: an operation that failed may have kept where. */
const HOST_FRAME = /^\s+at .*(?:file:\/\/|node:|\(\/|at \/|\(?[A-Za-z]:\\).*$\n?/gm;

/** Take out of an error's stack what lies outside of programs. The error must be the process's own. */
export function hideHostFrames(error: TroupeError): void {
  const { stack } = error;
  if (stack?.includes('\n') && stack.search(HOST_FRAME) >= 0) error.stack = stack.replace(HOST_FRAME, '').trimEnd();
}

/** `copyPayloads`, with a refusal that says where the program handed the values in. */
export function copyArguments(list: readonly unknown[], name: string): Payload[] {
  const copies = copiesOf(list, name);
  return copies instanceof TroupeError ? raise(copies) : copies;
}

/** `copyPayloads`, or why one of them cannot be copied. */
export function copiesOf(list: readonly unknown[], name: string): Payload[] | TroupeError {
  try {
    return copyPayloads(list, name);
  } catch (refused) {
    return toTroupeError(refused, 'INVALID');
  }
}
