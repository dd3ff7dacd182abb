/** What is measured of the WebAssembly transform, beside Binaryen's asyncify. No process runs: it is about bare modules. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENDLESS_FUEL, SuspendDriver } from '../../machines/wasm/suspend/driver.ts';
import type { Preemption } from '../../machines/wasm/suspend/preemption.ts';
import { suspendTransform } from '../../machines/wasm/suspend/transform.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { AsyncifyDriver } from '../wasm/asyncify.ts';
import { compileAssemblyScript } from '../wasm/compile_assemblyscript.ts';
import { wasmOpt } from '../wasm/binaryen.ts';
import { type Measurement, rowsOf } from './measurement.ts';

const wasm = rowsOf('wasm');

/** Functions of `programs/kernels.as.ts` and an argument with which each takes one to three milliseconds. */
const KERNELS = { fib: 27, sieve: 400_000, sha256: 2000, matmul: 100, lcg: 2_000_000 } as const;
type Kernel = keyof typeof KERNELS;

const MEGABYTE = 1_000_000;

type Call = (name: string, ...args: number[]) => unknown;

/** `checked`: with checks in the source, see there. */
async function compileKernels(checked = false): Promise<Uint8Array> {
  const source = fileURLToPath(new URL('../../../test/bench/programs/kernels.as.ts', import.meta.url));
  const options = ['--optimizeLevel', '3', '--shrinkLevel', '0', '--runtime', 'stub'];
  return compileAssemblyScript(await readFile(source, 'utf8'), checked ? [...options, '--use', 'CHECKED=1'] : options);
}

async function asyncified(checked: boolean): Promise<Call> {
  const options = ['--asyncify', '--pass-arg=asyncify-imports@env.wait', '-O3', '--enable-bulk-memory'];
  const driver = new AsyncifyDriver();
  // A program with checks is given new fuel by `wait`.
  const wait = () => (driver.shouldRewind() ? ENDLESS_FUEL : 0);
  const module = new WebAssembly.Module(await wasmOpt(await compileKernels(checked), options));
  driver.attach(new WebAssembly.Instance(module, { env: { wait } }));
  return (name, ...args) => driver.run(name, args);
}

function instance(bytes: Uint8Array): Call {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { wait: () => 0 } });
  return (name, ...args) => (exports[name] as (...args: number[]) => unknown)(...args);
}

function transformed(bytes: Uint8Array, preempt: Preemption): Call {
  const driver = new SuspendDriver();
  const wait = () => {
    if (driver.shouldRewind()) return ENDLESS_FUEL;
    driver.suspend();
    return 0;
  };
  const program = suspendTransform(bytes, { blocking: (_, name) => name === 'wait', preempt });
  driver.attach(new WebAssembly.Instance(new WebAssembly.Module(program.bytes), { env: { wait } }), undefined, 65_536);
  return (name, ...args) => {
    let state = driver.call(name, args);
    while (state !== 'idle') state = driver.resume();
    return driver.result;
  };
}

/** Best time of each by turns, in nanoseconds; they must answer the same. */
function race(kernel: Kernel, rounds: number, calls: readonly Call[]): number[] {
  const least = calls.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    const results = calls.map((call, i) => {
      const begun = process.hrtime.bigint();
      const result = call(kernel, KERNELS[kernel]);
      least[i] = Math.min(least[i], Number(process.hrtime.bigint() - begun));
      return result;
    });
    if (results.some(result => result !== results[0])) throw new Error(`${kernel} gave ${results.join(' and ')}`);
  }
  return least;
}

/** By how many percent these programs become slower, the geometric mean of them. */
function overhead(kernels: readonly Kernel[], make: (bytes: Uint8Array) => Call | Promise<Call>) {
  return async (_runtime: Runtime, rounds: number): Promise<number> => {
    const bytes = await compileKernels();
    const calls = [instance(bytes), await make(bytes)];
    let product = 1;
    for (const kernel of kernels) {
      // The first rounds run code that the engine has not optimized.
      const [plain, changed] = race(kernel, rounds, calls);
      product *= changed / plain;
    }
    return (product ** (1 / kernels.length) - 1) * 100;
  };
}

/** Nanoseconds for a suspension with all that is needed to go on. */
function suspension(make: (bytes: Uint8Array) => Call | Promise<Call>) {
  let call: Call | undefined;
  return async (_runtime: Runtime, count: number): Promise<number> => {
    call ??= await make(await compileKernels());
    const begun = process.hrtime.bigint();
    const sum = call('waits', count);
    const nanoseconds = Number(process.hrtime.bigint() - begun);
    if (sum !== Math.imul(count, ENDLESS_FUEL)) throw new Error(`waits gave ${String(sum)}`);
    return nanoseconds / count;
  };
}

/** Milliseconds for a megabyte of Lua's interpreter, which calls an import that blocks from nearly everywhere. */
function transforming(preempt: Preemption) {
  return async (_runtime: Runtime, rounds: number): Promise<number> => {
    const bytes = await readFile(join(dirname(createRequire(import.meta.url).resolve('wasmoon')), 'glue.wasm'));
    const begun = process.hrtime.bigint();
    for (let i = 0; i < rounds; i++) {
      const { suspendable } = suspendTransform(bytes, { blocking: (_, name) => name === 'invoke_vii', preempt });
      if (!suspendable) throw new Error('nothing was suspendable');
    }
    const milliseconds = Number(process.hrtime.bigint() - begun) / 1e6;
    return milliseconds / rounds / (bytes.length / MEGABYTE);
  };
}

const ALL = Object.keys(KERNELS) as Kernel[];

/** A row for each program and one for all of them, which has the target. */
function overheads(
  name: string,
  how: string,
  target: number | undefined,
  make: (bytes: Uint8Array) => Call | Promise<Call>,
) {
  const row = (what: string, kernels: readonly Kernel[], aim?: number): Measurement => ({
    ...wasm(name, `${what}, ${how}`, '%', aim, 60, overhead(kernels, make)),
    once: true,
  });
  return [...ALL.map(kernel => row(kernel, [kernel])), row('geometric mean', ALL, target)];
}

export const WASM_TRANSFORM_MEASUREMENTS: readonly Measurement[] = [
  ...overheads('suspendable', 'not metered', 3, bytes => transformed(bytes, 'none')),
  ...overheads('suspendable', "not metered, Binaryen's asyncify", undefined, () => asyncified(false)),
  ...overheads('metering', 'killed when the fuel is spent', 25, bytes => transformed(bytes, 'kill')),
  ...overheads('metering', 'preempted when the fuel is spent', 30, bytes => transformed(bytes, 'resume')),
  ...overheads('metering', "preempted by checks in the source and Binaryen's asyncify", undefined, () =>
    asyncified(true),
  ),
  wasm('suspend-resume', 'a wait of the bare driver', 'ns', 100, 500_000, suspension(own('none'))),
  wasm('suspend-resume', 'the same where loops can be preempted', 'ns', 100, 500_000, suspension(own('resume'))),
  wasm(
    'suspend-resume',
    "the same with Binaryen's asyncify",
    'ns',
    undefined,
    200_000,
    suspension(() => asyncified(false)),
  ),
  wasm('transform', 'a megabyte of an interpreter, not metered', 'ms', 150, 10, transforming('none')),
  wasm('transform', 'the same with fuel that kills', 'ms', 150, 10, transforming('kill')),
  wasm('transform', 'the same with fuel that preempts', 'ms', 150, 10, transforming('resume')),
];

function own(preempt: Preemption) {
  return (bytes: Uint8Array) => transformed(bytes, preempt);
}
