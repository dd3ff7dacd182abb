/**
 * A measurement runs its work to a verified end and answers how long one operation took, or how much there is of
 * something. `target` is what the project wants to reach on a quiet 2-core machine.
 */
import type { Runtime } from '../../runtime/runtime.ts';

export interface Measurement {
  /** Of one thing in all machines that have it. */
  readonly name: string;
  readonly machine: 'ts' | 'xstate' | 'lua' | 'wasm';
  /** What one operation is. */
  readonly what: string;
  readonly unit: 'ns' | 'ms' | 'bytes' | '%' | 'processes';
  readonly target: number;
  /** The target is the least, not the most. */
  readonly atLeast?: boolean;
  /** One round without any before: what is measured is a beginning, or does not change. */
  readonly once?: boolean;
  /** On wasmoon's own Lua binary. */
  readonly stock?: boolean;
  /** Worker threads that it needs. */
  readonly workers: number;
  /** Operations, or processes, a round. */
  readonly count: number;
  run(runtime: Runtime, count: number): Promise<number>;
}

export const HOST = 'bench:host';

/** Nanoseconds an operation of a process that does `count` of them and returns how many it did. */
export function timed(id: string, ...more: string[]) {
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
