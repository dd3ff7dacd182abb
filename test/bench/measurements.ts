/**
 * What is measured. A measurement runs its work to a verified end and answers how long one operation took, or how many
 * bytes one process takes. `target` is what the project wants to reach on a quiet 2-core machine.
 */
import type { Runtime } from '../../runtime/runtime.ts';

export interface Measurement {
  readonly name: 'spawn' | 'ping-pong' | 'ring' | 'idle-bytes' | 'nonblocking-call' | 'cross-worker';
  readonly machine: 'ts' | 'xstate' | 'lua' | 'wasm';
  readonly unit: 'ns' | 'bytes';
  readonly target: number;
  /** Worker threads that it needs. */
  readonly workers: number;
  /** Operations, or processes, a round. */
  readonly count: number;
  run(runtime: Runtime, count: number): Promise<number>;
}

const HOST = 'bench:host';

/** Nanoseconds an operation of a process that does `count` of them and returns how many it did. */
function timed(id: string, ...more: string[]) {
  return async (runtime: Runtime, count: number): Promise<number> => {
    const begun = process.hrtime.bigint();
    const done = await runtime.exec({ id: `bench:${id}`, host: HOST, args: [count, ...more] });
    const nanoseconds = Number(process.hrtime.bigint() - begun);
    if (Number(done) !== count) throw new Error(`${id} did ${String(done)} of ${count} operations`);
    return nanoseconds / count;
  };
}

/** Resident and heap bytes of `count` processes that wait for a message. */
function idleBytes(id: string, what: 'heapUsed' | 'rss') {
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

export const MEASUREMENTS: readonly Measurement[] = [
  {
    name: 'spawn',
    machine: 'ts',
    unit: 'ns',
    target: 400,
    workers: 0,
    count: 200_000,
    run: timed('spawner_ts', 'bench:child_ts'),
  },
  {
    name: 'ping-pong',
    machine: 'ts',
    unit: 'ns',
    target: 250,
    workers: 0,
    count: 300_000,
    run: timed('ping_ts', 'bench:pong_ts'),
  },
  { name: 'ring', machine: 'ts', unit: 'ns', target: 120, workers: 0, count: 1_000_000, run: timed('ring_ts') },
  {
    name: 'idle-bytes',
    machine: 'ts',
    unit: 'bytes',
    target: 500,
    workers: 0,
    count: 100_000,
    run: idleBytes('idle_ts', 'heapUsed'),
  },
  {
    name: 'nonblocking-call',
    machine: 'ts',
    unit: 'ns',
    target: 100,
    workers: 0,
    count: 2_000_000,
    run: timed('calls_ts'),
  },
  {
    name: 'cross-worker',
    machine: 'ts',
    unit: 'ns',
    target: 1_000,
    workers: 2,
    count: 300_000,
    run: timed('flood_ts'),
  },
  {
    name: 'ping-pong',
    machine: 'xstate',
    unit: 'ns',
    target: 8_000,
    workers: 0,
    count: 30_000,
    run: timed('ping_ts', 'bench:pong_xstate'),
  },
  {
    name: 'spawn',
    machine: 'lua',
    unit: 'ns',
    target: 60_000,
    workers: 0,
    count: 3_000,
    run: timed('spawner_ts', 'bench:child_lua'),
  },
  { name: 'ping-pong', machine: 'lua', unit: 'ns', target: 10_000, workers: 0, count: 30_000, run: timed('ping_lua') },
  {
    name: 'idle-bytes',
    machine: 'lua',
    unit: 'bytes',
    target: 16_384,
    workers: 0,
    count: 3_000,
    run: idleBytes('idle_lua', 'rss'),
  },
  {
    name: 'nonblocking-call',
    machine: 'lua',
    unit: 'ns',
    target: 200,
    workers: 0,
    count: 500_000,
    run: timed('calls_lua'),
  },
  {
    name: 'spawn',
    machine: 'wasm',
    unit: 'ns',
    target: 60_000,
    workers: 0,
    count: 3_000,
    run: timed('spawner_ts', 'bench:child_wasm'),
  },
  {
    name: 'ping-pong',
    machine: 'wasm',
    unit: 'ns',
    target: 2_000,
    workers: 0,
    count: 100_000,
    run: timed('ping_ts', 'bench:pong_wasm'),
  },
  {
    name: 'ring',
    machine: 'wasm',
    unit: 'ns',
    target: 500,
    workers: 0,
    count: 300_000,
    run: timed('ping_ts', 'bench:pong_wasm_event'),
  },
  {
    name: 'idle-bytes',
    machine: 'wasm',
    unit: 'bytes',
    target: 150_000,
    workers: 0,
    count: 500,
    run: idleBytes('idle_wasm', 'rss'),
  },
];
