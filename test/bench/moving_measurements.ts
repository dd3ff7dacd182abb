/** What is measured of processes of handlers, and of what leaves as an image in TypeScript and XState. */
import { readFileSync } from 'node:fs';
import { BareProcess } from '../bare_process.ts';
import { loadSource } from '../typescript/load_program.ts';
import { idleBytes, imageBytes, type Measurement, move, rowsOf, timed } from './measurement.ts';

const ts = rowsOf('ts');
const xstate = rowsOf('xstate');

function textOf(name: string): string {
  return readFileSync(new URL(`../../../test/bench/programs/${name}`, import.meta.url), 'utf8');
}

/** A process of handlers after twenty messages. */
async function handlers(): Promise<BareProcess> {
  const process = BareProcess.begin(await loadSource('process.ts', textOf('sum_handlers.ts'))).run();
  for (let i = 1; i <= 20; i++) process.send('add', i);
  return process.run();
}

/** A machine with a delayed transition outstanding. */
async function machine(): Promise<BareProcess> {
  const process = BareProcess.begin(await loadSource('process.xstate', textOf('lamp_machine.ts')));
  process.timersRun = false;
  process.send('press', 1);
  process.step();
  return process;
}

export const MOVING_MEASUREMENTS: readonly Measurement[] = [
  ts(
    'ping-pong',
    'round trip of a number, both handlers',
    'ns',
    250,
    300_000,
    timed('ping_handlers', 'bench:pong_handlers'),
  ),
  {
    ...ts(
      'idle-bytes',
      'a process of handlers that waits',
      'bytes',
      500,
      100_000,
      idleBytes('idle_handlers', 'heapUsed'),
    ),
  },
  {
    ...ts('image-bytes', 'a process of handlers, twenty values in its state', 'bytes', 512, 1, imageBytes(handlers)),
    once: true,
  },
  ts('move', 'out as an image and in again', 'ns', 10_000, 20_000, move(handlers)),
  { ...xstate('image-bytes', 'a machine with a delayed transition', 'bytes', 512, 1, imageBytes(machine)), once: true },
  xstate('move', 'out as an image and in again', 'ns', 20_000, 20_000, move(machine)),
];
