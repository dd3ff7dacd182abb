/**
 * A measurement runs its work to a verified end and answers how long one operation took, or how much there is of
 * something. `target` is what the project wants to reach on a quiet 2-core machine.
 */
import type { Runtime, RuntimeOptions } from '../../runtime/runtime.ts';
import type { BareProcess } from '../bare_process.ts';

export interface Figure {
  readonly value: number;
  /** What else is to be known of it: printed below the table. */
  readonly note?: string;
  /** Why it cannot be judged, in a word or two: stands where the table says whether the target was reached. */
  readonly doubt?: string;
}

export interface Measurement {
  /** Of one thing in all machines that have it. */
  readonly name: string;
  readonly machine: 'ts' | 'xstate' | 'lua' | 'wasm';
  /** What one operation is. */
  readonly what: string;
  readonly unit: 'ns' | 'us' | 'ms' | 'bytes' | '%' | 'processes' | 'x';
  /** Undefined: shown beside another row, for comparison. */
  readonly target: number | undefined;
  /** The target is the least, not the most. */
  readonly atLeast?: boolean;
  /** One round without any before: what is measured is a beginning, or does not change. */
  readonly once?: boolean;
  /** At most so many rounds count: of those that take seconds. */
  readonly rounds?: number;
  /** On wasmoon's own Lua binary. */
  readonly stock?: boolean;
  /** Worker threads that it needs. */
  readonly workers: number;
  /** Default `round-robin`, so that what crosses workers does so always. */
  readonly placement?: RuntimeOptions['placement'];
  /** Operations, or processes, a round. */
  readonly count: number;
  run(runtime: Runtime, count: number): Promise<number | Figure>;
  /** What it started itself ends; called once, after the last round. */
  stop?(): Promise<void>;
}

export const HOST = 'bench:host';

/** Makes the rows of one machine, all on one thread. */
export function rowsOf(machine: Measurement['machine']) {
  return (
    name: Measurement['name'],
    what: string,
    unit: Measurement['unit'],
    target: number | undefined,
    count: number,
    run: Measurement['run'],
  ): Measurement => ({ name, machine, what, unit, target, workers: 0, count, run });
}

/** Nanoseconds an operation of a process that does `count` of them and returns how many it did. */
export function timed(id: string, ...more: (string | number)[]) {
  return async (runtime: Runtime, count: number): Promise<number> => {
    const begun = process.hrtime.bigint();
    const done = await runtime.exec({ id: `bench:${id}`, host: HOST, args: [count, ...more] });
    const nanoseconds = Number(process.hrtime.bigint() - begun);
    if (Number(done) !== count) throw new Error(`${id} did ${String(done)} of ${count} operations`);
    return nanoseconds / count;
  };
}

/** Resident and heap bytes of `count` processes that wait for a message. */
export function idleBytes(id: string, what: 'heapUsed' | 'rss') {
  return async (runtime: Runtime, count: number): Promise<number> => {
    const pids: string[] = new Array(count);
    const used = async (): Promise<number> => {
      for (let i = 0; i < 3; i++) {
        await runtime.wait(5);
        globalThis.gc?.();
      }
      const { heapUsed, external, rss } = process.memoryUsage();
      return what === 'rss' ? rss : heapUsed + external;
    };
    // The first few pay for code, templates and tables.
    for (let i = 0; i < 100; i++) runtime.terminate(runtime.spawn({ id: `bench:${id}`, host: HOST }));
    const before = await used();
    for (let i = 0; i < count; i++) pids[i] = runtime.spawn({ id: `bench:${id}`, host: HOST });
    await runtime.wait(20);
    // The texts of the PIDs are this program's, not the processes'.
    pids.length = 0;
    const after = await used();
    if (runtime.live < count) throw new Error(`only ${runtime.live} of ${count} processes live`);
    return (after - before) / count;
  };
}

/** Nanoseconds for each of the first spawns of a runtime, for which nothing has been made before; the children stay. */
export function spawnCold(id: string) {
  return async (runtime: Runtime, count: number): Promise<number> => {
    const begun = process.hrtime.bigint();
    for (let i = 0; i < count; i++) runtime.spawn({ id: `bench:${id}`, host: HOST });
    await runtime.wait(1);
    const nanoseconds = Number(process.hrtime.bigint() - begun);
    if (runtime.live !== count) throw new Error(`${runtime.live} of ${count} live`);
    return nanoseconds / count;
  };
}

/** How many processes live at once, each having run and waiting for a message. */
export function alive(id: string) {
  return async (runtime: Runtime, count: number): Promise<number> => {
    for (let i = 0; i < count; i++) {
      runtime.spawn({ id: `bench:${id}`, host: HOST });
      if (i % 5000 === 0) await runtime.wait(1);
    }
    for (let turns = 0; runtime.live < count && turns < 10_000; turns++) await runtime.wait(1);
    return runtime.live;
  };
}

/** Bytes of the image of a process. */
export function imageBytes(begin: () => Promise<BareProcess>) {
  return async (): Promise<number> => {
    const process = await begin();
    const image = process.leave();
    process.enter(image);
    process.machine.close();
    return image.bytes.length;
  };
}

/** Nanoseconds out of the machine as an image, and in again. */
export function move(begin: () => Promise<BareProcess>) {
  return async (_runtime: Runtime, count: number): Promise<number> => {
    const moved = await begin();
    const begun = process.hrtime.bigint();
    for (let i = 0; i < count; i++) moved.enter(moved.leave());
    const nanoseconds = Number(process.hrtime.bigint() - begun);
    moved.machine.close();
    return nanoseconds / count;
  };
}
