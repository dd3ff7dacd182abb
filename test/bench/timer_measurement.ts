/** Timers that are armed and cancelled before they fire. */
import type { Runtime } from '../../runtime/runtime.ts';
import { timed } from './measurement.ts';

/** Nanoseconds to arm one and cancel it, `atATime` armed at once; the scheduler's wheel says that none is left. */
export function armedAndCancelled(atATime: number) {
  const run = timed('timers_ts', atATime);
  return async (runtime: Runtime, count: number): Promise<number> => {
    const before = runtime.scheduler.wheel.armed;
    const value = await run(runtime, count);
    const left = runtime.scheduler.wheel.armed - before;
    if (left !== 0) throw new Error(`${left} timers were not cancelled`);
    return value;
  };
}
