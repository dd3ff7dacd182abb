/**
 * The one error type of the system, the same in every language (semantics section 5).
 *
 * An error has a message, a kind, a three-valued `retryable`, optional `details` (a payload object) and a stack. It
 * keeps all of them when it crosses languages, workers and files. Everything that can go wrong for a user of the
 * system is made by one of the functions in `runtime/catalogue.ts`, so that texts are written once.
 */

/** What went wrong, coarsely enough to act on. Source: semantics section 5. */
export const ERROR_KINDS = [
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'INVALID',
  'PERMISSION_DENIED',
  'UNAVAILABLE',
  'INTERNAL',
  'CANCELED',
  'CONFLICT',
  'TIMEOUT',
  'RATE_LIMITED',
  'UNKNOWN',
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

/** `true`: trying again may help. `false`: it cannot. `undefined`: unknown. */
export type Retryable = boolean | undefined;

export type ErrorDetails = { [key: string]: unknown };

export interface ErrorOptions {
  kind?: ErrorKind;
  retryable?: Retryable;
  details?: ErrorDetails;
  /** The guest's own stack or traceback (Lua traceback, wasm function names, mapped TypeScript stack). */
  stack?: string;
  /** Where to look: `file:line:column`, `chunk:line` or a wasm function's name. */
  place?: string;
}

/** As it was at the start: where TypeScript is contained, that of the global object is another one, and slower. */
const EngineError = Error;

/** Give an error the stack of the call of `above`, without it and what it called. */
export const captureStack: (error: Error, above: object) => void = Error.captureStackTrace as never;

/**
 * What TroupeErrors extend: programs hold them, and none may get at the engine's own `Error` by what their class inherits
 * from, since that one decides how the stacks of all others look.
 */
const BaseError: ErrorConstructor = Object.freeze(
  Object.defineProperty(Error.bind(undefined), 'prototype', { value: Error.prototype }),
) as never;

export class TroupeError extends BaseError {
  override readonly name = 'TroupeError';
  readonly kind: ErrorKind;
  readonly retryable: Retryable;
  readonly details: ErrorDetails | undefined;

  /** Captures no host stack: these errors describe the guest's world, and a stack costs microseconds. */
  constructor(message: string, options: ErrorOptions = {}) {
    // A program's own object may run code here, or throw.
    const text = `${message}`;
    const limit = EngineError.stackTraceLimit;
    EngineError.stackTraceLimit = 0;
    super(text);
    EngineError.stackTraceLimit = limit;
    this.kind = options.kind ?? 'UNKNOWN';
    this.retryable = options.retryable;
    this.details = options.place === undefined ? options.details : { place: options.place, ...options.details };
    if (options.stack !== undefined) this.stack = options.stack;
  }

  /** Where the error happened, if it is known: `file:line:column`, `chunk:line` or a wasm function. */
  get place(): string | undefined {
    const place = this.details?.place;
    return typeof place === 'string' ? place : undefined;
  }
}

export function isErrorKind(value: unknown): value is ErrorKind {
  return typeof value === 'string' && (ERROR_KINDS as readonly string[]).includes(value);
}

function isPlainObject(value: unknown): value is ErrorDetails {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * Anything that was thrown, as a TroupeError. A foreign Error keeps its message and stack and gets kind UNKNOWN unless
 * it carries a valid `kind` itself; a thrown non-error becomes its text.
 */
export function toTroupeError(thrown: unknown, fallback: ErrorKind = 'UNKNOWN'): TroupeError {
  if (thrown instanceof TroupeError) return thrown;
  if (thrown instanceof Error) {
    const kind = (thrown as { kind?: unknown }).kind;
    const retryable = (thrown as { retryable?: unknown }).retryable;
    const details = (thrown as { details?: unknown }).details;
    return new TroupeError(thrown.message, {
      kind: isErrorKind(kind) ? kind : fallback,
      details: isPlainObject(details) ? details : undefined,
      retryable: typeof retryable === 'boolean' ? retryable : undefined,
      stack: thrown.stack,
    });
  }
  let text: string;
  try {
    text = String(thrown);
  } catch {
    text = 'a value that cannot be shown was thrown';
  }
  return new TroupeError(text, { kind: fallback });
}
