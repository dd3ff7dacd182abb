import type { Range } from './module.ts';
import { Reader } from './reader.ts';

/** What every engine allows in one function, parameters included. */
export const MAX_LOCALS = 50_000;

/** Append the types of a body's declared locals to `into`; answers the offset of the first instruction. */
export function readLocals(bytes: Uint8Array, body: Range, into: number[]): number {
  const reader = new Reader(bytes, body.start, body.end);
  for (let groups = reader.count(); groups > 0; groups--) {
    const at = reader.at;
    const count = reader.unsigned();
    const type = reader.valueType();
    if (count > MAX_LOCALS - into.length) reader.fail(`more than ${MAX_LOCALS} local variables`, at);
    for (let i = 0; i < count; i++) into.push(type);
  }
  return reader.at;
}
