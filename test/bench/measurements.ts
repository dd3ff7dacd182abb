/** What is measured, in the order of the table. */
import { LUA_MEASUREMENTS } from './lua_measurements.ts';
import { idleBytes, type Measurement, timed } from './measurement.ts';
import { WASM_MEASUREMENTS } from './wasm_measurements.ts';
import { WASM_TRANSFORM_MEASUREMENTS } from './wasm_transform_measurements.ts';
import { WASM_LOAD_MEASUREMENTS } from './wasm_load.ts';

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
  ...WASM_MEASUREMENTS,
  ...WASM_TRANSFORM_MEASUREMENTS,
  ...WASM_LOAD_MEASUREMENTS,
  ...LUA_MEASUREMENTS,
];
