/**
 * What is measured. A measurement runs its work to a verified end and answers how long one operation took, or how many
 * bytes one process takes. `target` is what the project wants to reach on a quiet 2-core machine.
 */
import type { Runtime } from '../../runtime/runtime.ts';

export interface Measurement {
  readonly name: 'spawn' | 'ping-pong' | 'ring' | 'idle-bytes' | 'nonblocking-call' | 'cross-worker';
  readonly machine: 'ts' | 'xstate' | 'lua' | 'wasm';
  /** What one operation is. */
  readonly what: string;
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
    what: 'spawn a process and get its answer',
    unit: 'ns',
    target: 400,
    workers: 0,
    count: 200000,
    run: timed('spawner_ts', 'bench:child_ts'),
  },
  {
    name: 'ping-pong',
    machine: 'ts',
    what: 'round trip of a number',
    unit: 'ns',
    target: 250,
    workers: 0,
    count: 300000,
    run: timed('ping_ts', 'bench:pong_ts'),
  },
  {
    name: 'ring',
    machine: 'ts',
    what: 'one hop in a ring of 1000',
    unit: 'ns',
    target: 120,
    workers: 0,
    count: 1000000,
    run: timed('ring_ts'),
  },
  {
    name: 'idle-bytes',
    machine: 'ts',
    what: 'a process that waits',
    unit: 'bytes',
    target: 500,
    workers: 0,
    count: 100000,
    run: idleBytes('idle_ts', 'heapUsed'),
  },
  {
    name: 'nonblocking-call',
    machine: 'ts',
    what: 'the own PID',
    unit: 'ns',
    target: 100,
    workers: 0,
    count: 2000000,
    run: timed('calls_ts'),
  },
  {
    name: 'cross-worker',
    machine: 'ts',
    what: 'a small object to another worker, in bulk',
    unit: 'ns',
    target: 1000,
    workers: 2,
    count: 300000,
    run: timed('flood_ts'),
  },
  {
    name: 'ping-pong',
    machine: 'xstate',
    what: 'round trip: event, transition, reply',
    unit: 'ns',
    target: 8000,
    workers: 0,
    count: 30000,
    run: timed('ping_ts', 'bench:pong_xstate'),
  },
  {
    name: 'spawn',
    machine: 'lua',
    what: 'spawn a process and get its answer',
    unit: 'ns',
    target: 60000,
    workers: 0,
    count: 3000,
    run: timed('spawner_ts', 'bench:child_lua'),
  },
  {
    name: 'ping-pong',
    machine: 'lua',
    what: 'round trip of a small table, both in Lua',
    unit: 'ns',
    target: 10000,
    workers: 0,
    count: 30000,
    run: timed('ping_lua'),
  },
  {
    name: 'idle-bytes',
    machine: 'lua',
    what: 'a process that waits',
    unit: 'bytes',
    target: 16384,
    workers: 0,
    count: 3000,
    run: idleBytes('idle_lua', 'rss'),
  },
  {
    name: 'nonblocking-call',
    machine: 'lua',
    what: 'the own PID',
    unit: 'ns',
    target: 200,
    workers: 0,
    count: 500000,
    run: timed('calls_lua'),
  },
  {
    name: 'spawn',
    machine: 'wasm',
    what: 'spawn a process and get its answer',
    unit: 'ns',
    target: 60000,
    workers: 0,
    count: 3000,
    run: timed('spawner_ts', 'bench:child_wasm'),
  },
  {
    name: 'ping-pong',
    machine: 'wasm',
    what: 'round trip with a blocking receive',
    unit: 'ns',
    target: 2000,
    workers: 0,
    count: 100000,
    run: timed('ping_ts', 'bench:pong_wasm'),
  },
  {
    name: 'ring',
    machine: 'wasm',
    what: 'a message to an event-style process',
    unit: 'ns',
    target: 500,
    workers: 0,
    count: 300000,
    run: timed('feeder_ts', 'bench:sink_wasm'),
  },
  {
    name: 'nonblocking-call',
    machine: 'wasm',
    what: 'the own PID, as a string',
    unit: 'ns',
    target: 1000,
    workers: 0,
    count: 500000,
    run: timed('calls_wasm'),
  },
  {
    name: 'idle-bytes',
    machine: 'wasm',
    what: 'a process that waits (resident)',
    unit: 'bytes',
    target: 150000,
    workers: 0,
    count: 500,
    run: idleBytes('idle_wasm', 'rss'),
  },
];
