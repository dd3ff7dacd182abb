/** What a guest did wrong in its own code, as the error its process ends with. */
import { TroupeError } from '../../../runtime/errors.ts';

/** `    at name (wasm://wasm/5f2a:wasm-function[12]:0x1a4)` as V8 writes it; the name may be missing, and it is not ours. */
const FRAME = /^\s*at (?:.* \()?wasm:\/\/[^)]*wasm-function\[(\d+)\]:0x[0-9a-f]+\)?$/;

/** How to show a function by its index: its name or `function 12`. Undefined for those that the host has added. */
export type FunctionName = (index: number) => string | undefined;

export interface GuestFrames {
  /** Name of the innermost function of the guest, or `function 12`; undefined where none was found. */
  readonly place: string | undefined;
  /** One line a frame, innermost first. */
  readonly stack: string;
}

/** The guest's frames in the stack of a host error; those of the host are left out. */
export function guestFrames(title: string, stack: string | undefined, nameOf: FunctionName): GuestFrames {
  let place: string | undefined;
  let text = title;
  for (const line of (stack ?? '').split('\n')) {
    const match = FRAME.exec(line);
    if (match === null) continue;
    const name = nameOf(Number(match[1]));
    if (name === undefined) continue;
    place ??= name;
    text += `\n    at ${name} (wasm function ${match[1]})`;
  }
  return { place, stack: text };
}

/** The same for a guest that is not running: functions by index, innermost first. */
export function namedFrames(title: string, functions: readonly number[], nameOf: FunctionName): GuestFrames {
  const names = functions.map(index => nameOf(index));
  const lines = names.map((name, depth) => `\n    at ${name} (wasm function ${functions[depth]})`);
  return { place: names[0], stack: title + lines.join('') };
}

/** Any exception that left the guest: a trap, a stack that overflowed, an error of the host. */
export function trapError(thrown: unknown, nameOf: FunctionName): TroupeError {
  if (thrown instanceof TroupeError) return thrown;
  if (thrown instanceof WebAssembly.RuntimeError) {
    return trapped(thrown.message, thrown.stack, nameOf);
  }
  if (thrown instanceof RangeError && thrown.message.includes('call stack')) {
    return trapped('stack overflow: the functions call one another too deeply', thrown.stack, nameOf);
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return trapped(`an import failed: ${error.message}`, error.stack, nameOf);
}

function trapped(message: string, stack: string | undefined, nameOf: FunctionName): TroupeError {
  const frames = guestFrames(`trap: ${message}`, stack, nameOf);
  return new TroupeError(message, { kind: 'INTERNAL', place: frames.place, stack: frames.stack });
}
