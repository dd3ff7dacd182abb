/** What a program is given and how it ends: arguments, environment, clocks, chance, exit. */
import { Errno, refuse } from './errno.ts';
import type { WasiBody, WasiProcess } from './wasi_process.ts';

const MOST_RANDOM = 1024 * 1024;
const CLOCK_RESOLUTION = 1000n;
const POINTER = 4;
/** Random bytes that take as long as a call. */
const RANDOM_PIECE = 64;

const Clock = { REALTIME: 0, MONOTONIC: 1 } as const;

/** Nanoseconds of a clock; NOTCAPABLE without `time`, INVAL for the clocks of processor time, which nobody keeps. */
export function readClock(wasi: WasiProcess, id: number): bigint {
  const { operations } = wasi.grants.time ?? refuse(Errno.NOTCAPABLE);
  switch (id) {
    case Clock.REALTIME:
      return wasi.now(operations.now) as bigint;
    case Clock.MONOTONIC:
      return wasi.now(operations.monotonic) as bigint;
    default:
      return refuse(Errno.INVAL);
  }
}

export const programCalls: { readonly [name: string]: WasiBody } = {
  args_get: (wasi, pointers, area) => giveStrings(wasi, wasi.args, pointers, area),
  args_sizes_get: (wasi, countAt, lengthAt) => giveSizes(wasi, wasi.args, countAt, lengthAt),
  environ_get: (wasi, pointers, area) => giveStrings(wasi, wasi.environment, pointers, area),
  environ_sizes_get: (wasi, countAt, lengthAt) => giveSizes(wasi, wasi.environment, countAt, lengthAt),

  clock_res_get(wasi, id, resultAt) {
    readClock(wasi, id);
    wasi.memory.setLong(resultAt, CLOCK_RESOLUTION);
  },
  clock_time_get(wasi, id, _precision, resultAt) {
    wasi.memory.setLong(resultAt, BigInt.asUintN(64, readClock(wasi, id)));
  },
  random_get(wasi, at, length) {
    const { operations } = wasi.grants.random ?? refuse(Errno.NOTCAPABLE);
    length >>>= 0;
    wasi.memory.check(at, length);
    if (length > MOST_RANDOM) refuse(Errno.INVAL);
    wasi.charge(length / RANDOM_PIECE);
    wasi.memory.write(at, wasi.now(operations.bytes, [length]) as Uint8Array);
  },

  proc_exit: (wasi, code) => wasi.exit(code >>> 0),
  proc_raise: () => refuse(Errno.NOSYS),
};

export const schedCalls: { readonly [name: string]: WasiBody } = {
  sched_yield: wasi => wasi.yieldTurn(),
};

function giveStrings(wasi: WasiProcess, strings: readonly Uint8Array[], pointers: number, area: number): void {
  const { memory } = wasi;
  wasi.charge(strings.length);
  memory.check(area, byteLength(strings));
  const view = memory.view(pointers, strings.length * POINTER);
  let at = area >>> 0;
  for (const [index, bytes] of strings.entries()) {
    view.setUint32(index * POINTER, at, true);
    memory.write(at, bytes);
    at += bytes.length;
  }
}

function giveSizes(wasi: WasiProcess, strings: readonly Uint8Array[], countAt: number, lengthAt: number): void {
  wasi.charge(strings.length);
  wasi.memory.check(lengthAt, POINTER);
  wasi.memory.setWord(countAt, strings.length);
  wasi.memory.setWord(lengthAt, byteLength(strings));
}

function byteLength(strings: readonly Uint8Array[]): number {
  return strings.reduce((sum, bytes) => sum + bytes.length, 0);
}
