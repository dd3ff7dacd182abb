/** What is measured of WebAssembly processes. What the transform costs is in `wasm_transform_measurements.ts`. */
import { BareProcess } from '../bare_process.ts';
import { loadWasm, prepareWasm, wasmEntry } from '../wasm/load_program.ts';
import { alive, idleBytes, imageBytes, type Measurement, move, spawnCold, timed, rowsOf } from './measurement.ts';

const wasm = rowsOf('wasm');

const ADDER = `
import { receive, self } from "troupe";
export function main(): void {
  let sum: i64 = 0;
  const names = new Map<string, i64>();
  while (true) {
    const n = receive().read<i64>();
    names.set("n" + n.toString(), n);
    sum += n;
  }
}`;

/** An AssemblyScript process after twenty messages. */
async function waiting(): Promise<BareProcess> {
  const entry = wasmEntry(ADDER);
  const process = BareProcess.begin(loadWasm(entry, await prepareWasm(entry))).run();
  for (let i = 1; i <= 20; i++) process.send('add', i);
  return process.run();
}

export const WASM_MEASUREMENTS: readonly Measurement[] = [
  wasm('event', 'a message to a process with handlers', 'ns', 300, 300_000, timed('feeder_ts', 'bench:counter_wasm')),
  wasm('event', 'and its payload read by the SDK', 'ns', 600, 300_000, timed('feeder_ts', 'bench:sink_wasm')),
  wasm('ping-pong', 'round trip with a blocking receive', 'ns', 1200, 100_000, timed('ping_ts', 'bench:pong_wasm')),
  wasm('nonblocking-call', 'the own PID, as a string', 'ns', 1000, 500_000, timed('calls_wasm')),
  wasm(
    'spawn',
    'a process in an instance of before, and its answer',
    'ns',
    15_000,
    3000,
    timed('spawner_ts', 'bench:child_wasm'),
  ),
  { ...wasm('spawn-cold', 'a process in a new instance', 'ns', 40_000, 1000, spawnCold('idle_wasm')), once: true },
  {
    ...wasm('idle-bytes', 'a process that waits (resident)', 'bytes', 150_000, 500, idleBytes('idle_wasm', 'rss')),
    once: true,
  },
  {
    ...wasm('live', 'processes in one runtime', 'processes', 10_000, 10_000, alive('idle_wasm')),
    once: true,
    atLeast: true,
  },
  { ...wasm('image-bytes', 'an AssemblyScript process that waits', 'bytes', 8192, 1, imageBytes(waiting)), once: true },
  wasm('move', 'out as an image and in again', 'ns', 120_000, 3000, move(waiting)),
];
