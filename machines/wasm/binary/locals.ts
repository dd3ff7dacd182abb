import type { Range } from './module.ts';
import { Reader } from './reader.ts';

/** What every engine allows in one function, parameters included. */
export const MAX_LOCALS = 50_000;

/** Append the types of a body's declared locals to `into`; answers the offset of the first instruction. */
export function readLocals(bytes: Uint8Array, body: Range, into: number[]): number {
  return eachGroup(bytes, body, into.length, (count, type) => {
    for (let i = 0; i < count; i++) into.push(type);
  });
}

/** The offset of the first instruction of a function with so many parameters. A few bytes can declare all `MAX_LOCALS`. */
export function skipLocals(bytes: Uint8Array, body: Range, params: number): number {
  return eachGroup(bytes, body, params, ignore);
}

function ignore(): void {}

function eachGroup(
  bytes: Uint8Array,
  body: Range,
  params: number,
  declare: (count: number, type: number) => void,
): number {
  const reader = new Reader(bytes, body.start, body.end);
  let locals = params;
  for (let groups = reader.count(); groups > 0; groups--) {
    const at = reader.at;
    const count = reader.unsigned();
    const type = reader.valueType();
    locals += count;
    if (locals > MAX_LOCALS) reader.fail(`more than ${MAX_LOCALS} local variables`, at);
    declare(count, type);
  }
  return reader.at;
}
