/**
 * Processes that roam: run as a worker thread, this file has some of them, steps them by turns and sends them away after
 * a while. Who started it says where they go on.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { engineOfThread } from '../../machines/lua/engine.ts';
import type { Image, Payload } from '../../runtime/machine.ts';
import { BareProcess } from '../bare_process.ts';
import { loadProgram } from './load_program.ts';

/** Grows and shrinks by its own chance, in small blocks and large ones; the result depends on all of it. */
export const ROAMER = `return function(seed, rounds)
  local kept, sum, state = {}, 0, seed
  local function chance(n) state = (state * 1103515245 + 12345) % 2147483648 return state // 65536 % n end
  local count = coroutine.wrap(function() local i = 0 while true do i = i + 1 coroutine.yield(i * seed) end end)
  for round = 1, rounds do
    local t = {}
    for i = 1, 50 + chance(1500) do t[i] = {i, ("ab"):rep(chance(20)) .. i} end
    kept[1 + chance(4)] = t
    if chance(3) == 0 then kept[1 + chance(4)] = nil collectgarbage() end
    if chance(4) == 0 then kept.big = ("x"):rep(1000 + chance(200000)) end
    for i = 1, #t do sum = (sum + t[i][1] + #t[i][2]) % 1000000007 end
    sum = (sum + count()) % 1000000007
  end
  return sum
end`;

/** Milliseconds: short, so that a process is interrupted many times. */
export const LIMITS = { cpuSlice: 0.1 };

export interface Roaming {
  readonly regions: unknown;
  readonly seed: number;
}

export type Errand =
  | { readonly kind: 'begin'; readonly number: number; readonly seed: number; readonly rounds: number }
  | { readonly kind: 'go on'; readonly number: number; readonly image: Image }
  | { readonly kind: 'account' };

export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'arrived'; readonly number: number }
  | { readonly kind: 'left'; readonly number: number; readonly image: Image }
  | { readonly kind: 'done'; readonly number: number; readonly value: Payload }
  /** `pages`: in use beside those that the thread began with. */
  | { readonly kind: 'account'; readonly pages: number };

/** Numbers below `n`, always the same ones for the same seed. */
export function chances(seed: number): (n: number) => number {
  let state = seed | 1;
  return n => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

function host(port: NonNullable<typeof parentPort>, { regions, seed }: Roaming): void {
  const program = loadProgram(ROAMER, LIMITS, regions);
  const slots = engineOfThread().vm.slots!;
  program.create().close();
  const before = slots.livePages;
  const chance = chances(seed);
  const here: { readonly number: number; readonly process: BareProcess }[] = [];
  const report = (what: Report): void => port.postMessage(what);

  const turn = (): void => {
    if (here.length === 0) return;
    const at = chance(here.length);
    const { number, process } = here[at];
    for (let steps = chance(6); steps >= 0 && !process.isOver; steps--) process.step();
    if (process.isOver) {
      here.splice(at, 1);
      process.machine.close();
      report({ kind: 'done', number, value: process.error === undefined ? process.value : process.error.message });
    } else if (chance(2) === 0) {
      here.splice(at, 1);
      report({ kind: 'left', number, image: process.leave() });
    }
    if (here.length > 0) setImmediate(turn);
  };
  const take = (number: number, process: BareProcess): void => {
    if (here.push({ number, process }) === 1) setImmediate(turn);
  };

  port.on('message', (errand: Errand) => {
    switch (errand.kind) {
      case 'begin':
        return take(errand.number, BareProcess.begin(program, errand.seed, errand.rounds));
      case 'go on':
        take(errand.number, new BareProcess(program, program.resume(errand.image)));
        return report({ kind: 'arrived', number: errand.number });
      default:
        slots.giveBackRegions();
        return report({ kind: 'account', pages: slots.livePages - before });
    }
  });
  report({ kind: 'ready' });
}

if (parentPort !== null) host(parentPort, workerData as Roaming);
