/** Takes processes over that began elsewhere, runs one step of each and gives it back; or, as a program, runs one to its end. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Artifact, Image } from '../../runtime/machine.ts';
import { BareProcess, type KernelPart } from '../bare_process.ts';
import { loadWasm, prepareWasm, wasmEntry } from './load_program.ts';

export interface Errand {
  readonly image: Image;
  /** What is outside of an image: the kernel's part. */
  readonly kernel: KernelPart;
}

if (parentPort !== null) {
  const { artifact, source, cpuSlice } = workerData as { artifact: Artifact; source: string; cpuSlice: number };
  const program = loadWasm(wasmEntry(source), artifact, { cpuSlice });
  parentPort.on('message', ({ image, kernel }: Errand) => {
    const process = new BareProcess(program, program.resume!(image), kernel);
    process.step();
    const { status, value, error } = process;
    const left = process.isOver ? undefined : { image: process.leave(), kernel: process.kernel() };
    parentPort!.postMessage({ status, value, error, left });
  });
} else {
  const { source, program, bytes, kernel } = JSON.parse(readFileSync(process.argv[2], 'utf8')) as {
    source: string;
    program: string;
    bytes: number[];
    kernel: Errand['kernel'];
  };
  const loaded = loadWasm(wasmEntry(source), await prepareWasm(wasmEntry(source)));
  const image = { program, bytes: Uint8Array.from(bytes) };
  process.stdout.write(JSON.stringify(new BareProcess(loaded, loaded.resume!(image), kernel).run().value));
}
