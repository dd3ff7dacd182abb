/** What is measured of the Lua machine. Rows with `stock` run on wasmoon's own binary, for comparison. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BareLua } from '../../machines/lua/vm/transform/bare_lua.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { BareProcess } from '../bare_process.ts';
import { loadProgram } from '../lua/load_program.ts';
import { alive, idleBytes, imageBytes, type Measurement, move, spawnCold, timed, rowsOf } from './measurement.ts';

const lua = rowsOf('lua');

const LOOP = 'local x = 0 for i = 1, 5e6 do x = x + i % 7 end return x';
const CALLS = 'local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(30)';

/** How much longer a program takes in the transformed binary than in the stock one, in percent. */
function overhead(program: string) {
  return async (_runtime: Runtime, rounds: number): Promise<number> => {
    const made = fileURLToPath(new URL('../../machines/lua/vm/lua.wasm', import.meta.url));
    if (!existsSync(made)) throw new Error('there is no transformed binary: npm run build says why');
    const stock = join(dirname(createRequire(import.meta.url).resolve('wasmoon')), 'glue.wasm');
    const binaries = [stock, made].map(file => new BareLua(new WebAssembly.Module(readFileSync(file))));
    const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    // By turns, so that what else the machine does falls on both.
    for (let round = 0; round < rounds; round++) {
      binaries.forEach((lua, i) => {
        const begun = process.hrtime.bigint();
        if (lua.run(program).status !== 0) throw new Error('the program failed');
        least[i] = Math.min(least[i], Number(process.hrtime.bigint() - begun));
      });
    }
    return (least[1] / least[0] - 1) * 100;
  };
}

const BOMB = `return function()
  local ok, err = pcall(string.find, ("a"):rep(28), ("a?"):rep(28) .. ("a"):rep(28))
  return ok, (tostring(err))
end`;

async function patternBomb(): Promise<number> {
  const bomb = BareProcess.begin(loadProgram(BOMB));
  const begun = process.hrtime.bigint();
  bomb.run();
  const milliseconds = Number(process.hrtime.bigint() - begun) / 1e6;
  if (!/too complex/.test(bomb.error?.message ?? '')) throw new Error('the pattern was not stopped');
  bomb.machine.close();
  return milliseconds;
}

const WAITING = `return function()
  local inbox, sum = process.inbox(), 0
  while true do sum = sum + inbox:receive():payload():data() end
end`;

async function waiting(): Promise<BareProcess> {
  return BareProcess.begin(loadProgram(WAITING)).run();
}

export const LUA_MEASUREMENTS: readonly Measurement[] = [
  lua(
    'spawn',
    'a process with its argument, and its answer',
    'ns',
    5000,
    20_000,
    timed('spawner_ts', 'bench:child_lua'),
  ),
  {
    ...lua('spawn-cold', 'the same on pages that nothing has touched', 'ns', 20_000, 20_000, spawnCold('idle_lua')),
    once: true,
  },
  lua(
    'first-message',
    'spawn, a message to it, and its answer',
    'ns',
    6000,
    20_000,
    timed('greeter_ts', 'bench:greeted_lua'),
  ),
  { ...lua('idle-bytes', 'a process that waits', 'bytes', 20_480, 20_000, idleBytes('idle_lua', 'rss')), once: true },
  {
    ...lua('live', 'processes on one thread', 'processes', 50_000, 50_000, alive('idle_lua')),
    once: true,
    atLeast: true,
  },
  {
    ...lua('live', 'processes in one runtime of three threads', 'processes', 150_000, 150_000, alive('idle_lua')),
    workers: 2,
    once: true,
    atLeast: true,
  },
  lua('resume-yield', 'coroutine.yield to the machine, and back', 'ns', 200, 500_000, timed('yields_lua')),
  lua('nonblocking-call', 'the own PID', 'ns', 100, 1_000_000, timed('calls_lua')),
  lua('busy-message', 'a small table to a process that is not waiting', 'ns', 1500, 50_000, timed('busy_lua')),
  lua('ping-pong', 'round trip of an integer, both in Lua', 'ns', 1000, 100_000, timed('ping_integer_lua')),
  lua('ping-pong', 'round trip of a small table, both in Lua', 'ns', 3000, 50_000, timed('ping_lua')),
  { ...lua('preemption', 'more time for a loop that does little', '%', 15, 9, overhead(LOOP)), once: true },
  { ...lua('preemption', 'more time for calls', '%', 5, 9, overhead(CALLS)), once: true },
  lua('pattern-bomb', 'a pattern that would take half a minute', 'ms', 100, 1, patternBomb),
  { ...lua('image-bytes', 'a process that waits', 'bytes', 20_480, 1, imageBytes(waiting)), once: true },
  lua('move', 'out as an image and in again', 'ns', 10_000, 20_000, move(waiting)),
  { ...lua('spawn', "wasmoon's own binary", 'ns', 60_000, 3000, timed('spawner_ts', 'bench:child_lua')), stock: true },
  { ...lua('ping-pong', "a small table, wasmoon's own binary", 'ns', 9000, 30_000, timed('ping_lua')), stock: true },
];
