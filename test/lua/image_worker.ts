/** Goes on with a process that began elsewhere: in a worker, or in a program of its own with a file. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Image } from '../../runtime/machine.ts';
import { BareProcess } from '../bare_process.ts';
import { loadProgram } from './load_program.ts';

function goOn(source: string, image: Image, regions: unknown) {
  const program = loadProgram(source, { cpuSlice: 0.02 }, regions);
  return new BareProcess(program, program.resume(image)).run().value;
}

if (parentPort !== null) {
  const { source, image, regions } = workerData as { source: string; image: Image; regions: unknown };
  parentPort.postMessage(goOn(source, image, regions));
} else {
  const { source, program, bytes } = JSON.parse(readFileSync(process.argv[2], 'utf8')) as {
    source: string;
    program: string;
    bytes: number[];
  };
  process.stdout.write(String(goOn(source, { program, bytes: Uint8Array.from(bytes) }, undefined)));
}
