/** Channels that give values at a time, on the clock of the scheduler. */
import { Alarm } from './alarm.ts';
import { Timer } from './channel.ts';
import { type Duration, toMilliseconds } from './duration.ts';
import type { Process } from './process.ts';

export function startTimer(process: Process, duration: Duration, what: string): Timer<true> {
  const milliseconds = toMilliseconds(duration, what);
  return new Timer<true>(process, process.waits().setTimer(milliseconds));
}

export function startTicker(process: Process, interval: Duration, what: string): Timer<number> {
  return new Timer<number>(process, Alarm.ticking(process, toMilliseconds(interval, what)));
}
