import { area, capacity, prepareArea, resultBuffer, settle } from "./exchange";
import { Decoder } from "./decoder";
import { last_error } from "./imports";
import { Value } from "./value";

/** Kinds of errors; the numbers are those of the ABI. */
export enum ErrorKind {
  NOT_FOUND = -1,
  ALREADY_EXISTS = -2,
  INVALID = -3,
  PERMISSION_DENIED = -4,
  UNAVAILABLE = -5,
  INTERNAL = -6,
  CANCELED = -7,
  CONFLICT = -8,
  TIMEOUT = -9,
  RATE_LIMITED = -10,
  UNKNOWN = -11,
}

/** An error with more in front of its message; kind, retryable, details and stack stay. */
export function wrap(error: Value, message: string): Value {
  return error.copy().set("message", `${message}: ${error.get("message").asString()}`);
}

/**
 * Why the latest call failed, one that answered false or null: an error with the keys `message`, `kind`, `retryable` and
 * `details`. Null while no call has failed.
 */
export function lastError(): Value {
  prepareArea();
  const length = last_error(area, capacity);
  return settle(length) ? Value.decode(new Decoder(resultBuffer(length))) : Value.null();
}
