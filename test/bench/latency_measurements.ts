/** How soon a process runs, and what it costs when none does. */
import type { Runtime } from '../../runtime/runtime.ts';
import { type Figure, HOST, type Measurement } from './measurement.ts';
import { spreadOf } from './result.ts';

const HOGS = 100;
const IDLE_MILLISECONDS = 2000;
/** Messages before those that are measured: a runtime that sleeps has worked before, and its code is compiled. */
const WARM_WAKES = 5000;

/** The smallest value that 99 % are not above. */
export function percentile99(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1];
}

/** Milliseconds of round trips between two TypeScript processes while 100 others never wait. */
function hogVictim(hog: string) {
  return async (runtime: Runtime, count: number): Promise<Figure> => {
    const answer = (await runtime.exec({ id: 'bench:victim_ts', host: HOST, args: [count, HOGS, hog] })) as {
      /** Nanoseconds. */
      taken: number[];
      late: number[];
    };
    if (answer.taken.length !== count) throw new Error(`${answer.taken.length} of ${count} round trips`);
    const late = (percentile99(answer.late) / 1e6).toFixed(1);
    return { value: percentile99(answer.taken) / 1e6, note: `pauses of 1 to 4 ms ended ${late} ms late (p99)` };
  };
}

/** Microseconds from a send outside of the runtime until the process has run, which waits on a worker that sleeps. */
async function wake(runtime: Runtime, count: number): Promise<Figure> {
  const pid = runtime.spawn({ id: 'bench:clock_ts', host: 'bench:trusted_host' });
  let arrived: ((at: number) => void) | undefined;
  runtime.onMessage(message => arrived?.(Number(message.payload)));
  const once = async (): Promise<number> => {
    const answer = new Promise<number>(resolve => {
      arrived = resolve;
    });
    const sent = Number(process.hrtime.bigint());
    const refused = runtime.send(pid, 'wake');
    if (refused !== undefined) throw refused;
    return ((await answer) - sent) / 1e3;
  };
  for (let i = 0; i < WARM_WAKES; i++) await once();
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    await runtime.wait(10);
    taken.push(await once());
  }
  runtime.terminate(pid);
  return { value: spreadOf(taken).median, note: `p99 ${percentile99(taken).toFixed(1)} us` };
}

/** Percent of one core that the whole runtime uses while all of its processes wait. */
async function idleCpu(runtime: Runtime, count: number): Promise<number> {
  for (let i = 0; i < count; i++) runtime.spawn({ id: 'bench:idle_ts', host: HOST });
  await runtime.wait(500);
  const begun = process.hrtime.bigint();
  const before = process.cpuUsage();
  await runtime.wait(IDLE_MILLISECONDS);
  const { user, system } = process.cpuUsage(before);
  const microseconds = Number(process.hrtime.bigint() - begun) / 1e3;
  if (runtime.live !== count) throw new Error(`${runtime.live} of ${count} processes live`);
  return ((user + system) / microseconds) * 100;
}

/** A million TypeScript processes beside a tenth as many in Lua; the note says what each of them takes. */
async function liveMixed(runtime: Runtime, count: number): Promise<Figure> {
  const few = count / 10;
  const begun = process.memoryUsage().rss;
  // Lua first: what the others leave as garbage would be used again, and hide what these take.
  const lua = await fill(runtime, 'idle_lua', few);
  const both = await fill(runtime, 'idle_ts', count);
  const each = (bytes: number, of: number): string => `${Math.round(bytes / of)} B`;
  return {
    value: runtime.live,
    note: `resident: ${each(both - lua, count)} a TypeScript process, ${each(lua - begun, few)} a Lua process`,
  };
}

/** Spawns `count` processes that answer, waits until all have run, and answers the resident bytes then. */
async function fill(runtime: Runtime, id: string, count: number): Promise<number> {
  const before = runtime.live;
  const last: string[] = [];
  for (let i = 0; i < count; i++) {
    const pid = runtime.spawn({ id: `bench:${id}`, host: HOST });
    if (i >= count - 100) last.push(pid);
    if (i % 5000 === 4999) await runtime.wait(1);
  }
  // A worker begins processes in the order of their spawns: when the last of each have run, all have.
  await answered(runtime, last);
  if (runtime.live - before !== count) throw new Error(`${runtime.live - before} of ${count} ${id} live`);
  return process.memoryUsage().rss;
}

/** Resolves when each of the processes has answered a message. */
function answered(runtime: Runtime, pids: readonly string[]): Promise<void> {
  const waiting = new Set(pids);
  return new Promise((resolve, reject) => {
    runtime.onMessage(({ from }) => {
      waiting.delete(from);
      if (waiting.size === 0) resolve();
    });
    for (const pid of pids) {
      const refused = runtime.send(pid, 'ping', 1);
      if (refused !== undefined) reject(refused);
    }
  });
}

const hogs = { name: 'hog-victim-p99', unit: 'ms', target: 2, rounds: 3, count: 200 } as const;
const ping = 'ping under 100 endless processes';

export const LATENCY_MEASUREMENTS: readonly Measurement[] = [
  { ...hogs, machine: 'lua', what: ping, workers: 0, run: hogVictim('bench:hog_lua') },
  { ...hogs, machine: 'lua', what: `${ping}, on a worker`, workers: 1, run: hogVictim('bench:hog_lua') },
  { ...hogs, machine: 'wasm', what: ping, workers: 0, run: hogVictim('bench:hog_wasm') },
  { ...hogs, machine: 'wasm', what: `${ping}, on a worker`, workers: 1, run: hogVictim('bench:hog_wasm') },
  {
    name: 'wake',
    machine: 'ts',
    what: 'from a send outside until the process on a sleeping worker has run',
    unit: 'us',
    target: 100,
    workers: 1,
    count: 100,
    run: wake,
  },
  {
    name: 'idle-cpu',
    machine: 'ts',
    what: 'of one core, two workers with 100 processes that wait',
    unit: '%',
    target: 0.5,
    once: true,
    workers: 2,
    count: 100,
    run: idleCpu,
  },
  {
    name: 'live',
    machine: 'ts',
    what: 'a million processes in TypeScript and 100 000 in Lua in one runtime',
    unit: 'processes',
    target: 1_100_000,
    atLeast: true,
    once: true,
    workers: 2,
    placement: 'least-loaded',
    count: 1_000_000,
    run: liveMixed,
  },
];
