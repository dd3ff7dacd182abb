import { Decoder } from "./decoder";
import { encode } from "./codec";
import { area, beginTexts, capacity, outgoing, prepareArea, putText, resultBuffer, settle, textLength } from "./exchange";
import * as host from "./imports";
import { Value } from "./value";

/** The capability `logger`. `fields`: a map. */
export namespace log {
  export function debug(message: string, fields: Value | null = null): void {
    const text = prepare(message, fields);
    host.log_debug(text, textLength, outgoing.pointer, outgoing.length);
  }

  export function info(message: string, fields: Value | null = null): void {
    const text = prepare(message, fields);
    host.log_info(text, textLength, outgoing.pointer, outgoing.length);
  }

  export function warn(message: string, fields: Value | null = null): void {
    const text = prepare(message, fields);
    host.log_warn(text, textLength, outgoing.pointer, outgoing.length);
  }

  export function error(message: string, fields: Value | null = null): void {
    const text = prepare(message, fields);
    host.log_error(text, textLength, outgoing.pointer, outgoing.length);
  }
}

function prepare(message: string, fields: Value | null): usize {
  outgoing.reset();
  if (fields !== null) fields.encode(outgoing);
  beginTexts(message.length);
  return putText(message);
}

/** The capability `time`. */
export namespace time {
  /** Nanoseconds since 1970. */
  export function now(): i64 {
    return host.time_now();
  }

  /** Seconds since 1970, with fraction. */
  export function unix(): f64 {
    return host.time_unix();
  }
}

/** Wait so many milliseconds; false if they are not more than 0. Needs the capability `time`. */
export function sleep(milliseconds: f64): bool {
  return host.time_sleep(milliseconds) >= 0;
}

/**
 * Any other operation of a capability. It is imported from `troupe:<capability>`:
 *
 *     @external("troupe:fs", "read_file")
 *     declare function readFile(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
 *
 *     const content = operate(readFile, [Value.string("data.txt")]);
 *
 * Its result, or null (see `lastError`). Waits where the operation does.
 */
export function operate(
  operation: (args: usize, argsLength: i32, area: usize, capacity: i32) => i32,
  args: Array<Value> = [],
): Value | null {
  prepareArea();
  outgoing.reset();
  encode(outgoing, args);
  const length = operation(outgoing.pointer, outgoing.length, area, capacity);
  return settle(length) ? Value.decode(new Decoder(resultBuffer(length))) : null;
}

/** `operate` for `start_<operation>`: the result comes as an `Answer` with this tag. */
export function startOperation(
  operation: (tag: i32, args: usize, argsLength: i32) => i32,
  tag: i32,
  args: Array<Value> = [],
): bool {
  outgoing.reset();
  encode(outgoing, args);
  return operation(tag, outgoing.pointer, outgoing.length) >= 0;
}
