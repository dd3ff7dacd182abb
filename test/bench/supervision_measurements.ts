/** How soon a process is back, or another one, and how soon a tree of them is gone. */
import type { Runtime } from '../../runtime/runtime.ts';
import { percentile99 } from './latency_measurements.ts';
import { type Figure, HOST, type Measurement, rowsOf } from './measurement.ts';
import { spreadOf } from './result.ts';

/** Microseconds, each measured by the program `id`, whose other arguments are `more`. */
async function microseconds(runtime: Runtime, count: number, id: string, more: string | string[]): Promise<number[]> {
  const taken = (await runtime.exec({ id: `bench:${id}`, host: HOST, args: [count, more] })) as number[];
  if (taken.length !== count) throw new Error(`${id} did ${taken.length} of ${count}`);
  return taken.map(nanoseconds => nanoseconds / 1e3);
}

function restarted(fragile: string) {
  return async (runtime: Runtime, count: number): Promise<Figure> => {
    const taken = await microseconds(runtime, count, 'restarts_ts', `bench:${fragile}`);
    return { value: spreadOf(taken).median, note: `p99 ${percentile99(taken).toFixed(0)} us` };
  };
}

/** The longest of 100, because it is a pause of somebody else. */
function upgraded(...turncoats: string[]) {
  return async (runtime: Runtime, count: number): Promise<Figure> => {
    const ids = turncoats.map(name => `bench:turncoat_${name}`);
    // What is not loaded on this thread yet is loaded now.
    await microseconds(runtime, ids.length, 'upgrades_ts', ids);
    const taken = await microseconds(runtime, count, 'upgrades_ts', ids);
    return { value: percentile99(taken), note: `median ${spreadOf(taken).median.toFixed(1)} us` };
  };
}

/** Milliseconds until a tree of supervisors with ten children each is gone, whose `count` leaves end when they are asked to. */
async function treeStopped(runtime: Runtime, count: number): Promise<number> {
  const { pid, exit } = runtime.watch({ id: `bench:tree_${count}` });
  const all = count + (count - 1) / 9;
  for (let turns = 0; runtime.live < all && turns < 30_000; turns++) await runtime.wait(1);
  if (runtime.live !== all) throw new Error(`${runtime.live} of ${all} processes have started`);
  const begun = process.hrtime.bigint();
  runtime.cancel(pid, 'enough');
  const { result } = await exit;
  const milliseconds = Number(process.hrtime.bigint() - begun) / 1e6;
  if (result?.error !== undefined || runtime.live > 0) throw new Error(`${runtime.live} processes live on`);
  return milliseconds;
}

const TREE = 100_000;

function pause(machine: Measurement['machine'], what: string, ...turncoats: string[]): Measurement {
  return rowsOf(machine)('upgrade-pause', `${what}, p99`, 'us', 1000, 5000, upgraded(...turncoats));
}

function restart(machine: Measurement['machine'], target: number): Measurement {
  const what = 'from a crash under a supervisor until the next process has run';
  return rowsOf(machine)('restart', what, 'us', target, 2000, restarted(`fragile_${machine}`));
}

export const SUPERVISION_MEASUREMENTS: readonly Measurement[] = [
  restart('ts', 1000),
  restart('lua', 2000),
  restart('wasm', 2000),
  pause('ts', 'to the same program and its first answer', 'ts'),
  pause('lua', 'to the same program and its first answer', 'lua'),
  pause('wasm', 'to the same program and its first answer', 'wasm'),
  pause('xstate', 'to the same program and its first answer', 'xstate'),
  pause('lua', 'to WebAssembly, to TypeScript, to XState and back', 'lua', 'wasm', 'ts', 'xstate'),
  {
    ...rowsOf('ts')('tree-stop', `${TREE} supervised processes, in order`, 'ms', 5000, TREE, treeStopped),
    rounds: 3,
  },
];
