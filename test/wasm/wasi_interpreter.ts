/** A module that makes the calls of `wasi_snapshot_preview1` that a test lists, one after the other, in one process. */
import { WASI_CALLS } from '../../machines/wasm/wasi/signatures.ts';
import type { SpawnRequest } from '../../runtime/machine.ts';
import { wat } from './start.ts';
import type { Started } from './wasi_start.ts';

/** Its imports. */
export const CALLS = Object.keys(WASI_CALLS);

function type(name: string): string {
  const { params, results } = WASI_CALLS[name];
  const shown = (kind: string, list: readonly string[]) => (list.length === 0 ? '' : `(${kind} ${list.join(' ')})`);
  return `${shown('param', params)} ${shown('result', results)}`;
}

/** Where the script begins: for each step the index of the function, its arguments and, behind them, what it answered. */
const SCRIPT = 65_536;
const WORD = 8;
const STEP_WORDS = 12;
const RESULT = 11 * WORD;
/** Bytes that go in and come out: the memory from 0, the script included. */
const IMAGE_BYTES = 130_000;
const MOST_STEPS = Math.floor((IMAGE_BYTES - SCRIPT) / (STEP_WORDS * WORD)) - 1;

function callOf(name: string): string {
  const { params, results } = WASI_CALLS[name];
  const given = params.map((param, at) => {
    const word = `(call $word (i32.const ${at + 1}))`;
    return param === 'i64' ? word : `(i32.wrap_i64 ${word})`;
  });
  const call = `(call $${name} ${given.join(' ')})`;
  return results.length === 0 ? `${call} (return (i32.const 0))` : `(return ${call})`;
}

export const INTERPRETER = wat(`(module
  ${CALLS.map(name => `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${type(name)}))`).join('\n  ')}
  (import "troupe:process" "args" (func $args (param i32 i32) (result i32)))
  (import "troupe:process" "exit" (func $exit (param i32 i32)))
  (memory (export "memory") 4 16)
  (global $at (mut i32) (i32.const ${SCRIPT}))
  (func $word (param $i i32) (result i64)
    (i64.load (i32.add (global.get $at) (i32.shl (local.get $i) (i32.const 3)))))
  (func $call (result i32)
    ${CALLS.map((name, i) => `(if (i64.eq (call $word (i32.const 0)) (i64.const ${i})) (then ${callOf(name)}))`).join('\n    ')}
    (i32.const -1))
  (func (export "_start")
    ;; The argument is what the memory is to hold from 0: a list (1 byte) of a bin 32 (5 bytes of header).
    (drop (call $args (i32.const 0) (i32.const 200000)))
    (memory.copy (i32.const 0) (i32.const 6) (i32.const ${IMAGE_BYTES}))
    (loop $next
      (if (i64.lt_s (call $word (i32.const 0)) (i64.const 0))
        (then
          ;; What the memory holds now is the value of the process: a bin 32.
          (memory.copy (i32.const 5) (i32.const 0) (i32.const ${IMAGE_BYTES}))
          (i32.store8 (i32.const 0) (i32.const 0xc6))
          (i32.store8 (i32.const 1) (i32.const ${(IMAGE_BYTES >>> 24) & 255}))
          (i32.store8 (i32.const 2) (i32.const ${(IMAGE_BYTES >>> 16) & 255}))
          (i32.store8 (i32.const 3) (i32.const ${(IMAGE_BYTES >>> 8) & 255}))
          (i32.store8 (i32.const 4) (i32.const ${IMAGE_BYTES & 255}))
          (call $exit (i32.const 0) (i32.const ${IMAGE_BYTES + 5}))))
      (i64.store offset=${RESULT} (global.get $at) (i64.extend_i32_s (call $call)))
      (global.set $at (i32.add (global.get $at) (i32.const ${STEP_WORDS * WORD})))
      (br $next)))
)`);

export type Step = readonly [name: string, ...args: (number | bigint)[]];

/** What the memory holds at the beginning, by address, below 64 KiB. */
export interface MemoryImage {
  readonly [at: number]: string | Uint8Array;
}

export class Outcome {
  /** What each step answered. */
  readonly results: readonly number[];
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array, steps: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.results = Array.from({ length: steps }, (_, index) =>
      Number(this.view.getBigInt64(SCRIPT + index * STEP_WORDS * WORD + RESULT, true)),
    );
  }

  readonly text = (at: number, length: number): string => Buffer.from(this.bytes.subarray(at, at + length)).toString();
  /** A 32-bit word. */
  readonly word = (at: number): number => this.view.getUint32(at, true);
  readonly long = (at: number): bigint => this.view.getBigUint64(at, true);
}

/** Run the steps in a process of the entry, which runs `INTERPRETER`. */
export async function perform(
  started: Started,
  steps: readonly Step[],
  image: MemoryImage = {},
  more: Partial<SpawnRequest> = {},
): Promise<Outcome> {
  if (steps.length > MOST_STEPS) throw new Error(`at most ${MOST_STEPS} steps`);
  const bytes = new Uint8Array(IMAGE_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [at, content] of Object.entries(image)) {
    bytes.set(typeof content === 'string' ? Buffer.from(content) : content, Number(at));
  }
  for (const [index, [name, ...args]] of steps.entries()) {
    const start = SCRIPT + index * STEP_WORDS * WORD;
    view.setBigInt64(start, BigInt(CALLS.indexOf(name)), true);
    for (const [at, value] of args.entries())
      view.setBigInt64(start + (at + 1) * WORD, BigInt.asIntN(64, BigInt(value)), true);
  }
  view.setBigInt64(SCRIPT + steps.length * STEP_WORDS * WORD, -1n, true);
  const value = await started.run('m', [bytes], more);
  return new Outcome(value as Uint8Array, steps.length);
}

/** An array of (pointer, length). */
export function vectors(...pairs: readonly (readonly [number, number])[]): Uint8Array {
  return new Uint8Array(new Uint32Array(pairs.flat()).buffer);
}
