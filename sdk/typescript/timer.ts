/** Channels that give values at a time, on the clock of the scheduler. */
import { Timer } from './channel.ts';
import { type Duration, toMilliseconds } from './duration.ts';
import type { Process } from './process.ts';
import { MemorySource } from './source.ts';
import type { Expecting } from './waits.ts';

/** A timer of the scheduler that puts values into a channel of one place. */
class Alarm implements Expecting {
  readonly #process: Process;
  readonly #source = new MemorySource(1);
  readonly #milliseconds: number;
  readonly #repeats: boolean;
  #ticks = 0;
  #tag: number;

  constructor(process: Process, milliseconds: number, repeats: boolean) {
    this.#process = process;
    this.#milliseconds = milliseconds;
    this.#repeats = repeats;
    this.#tag = process.waits().startTimer(milliseconds, this);
  }

  channel<T>(): Timer<T> {
    return new Timer<T>(this.#process, this.#source, () => this.stop());
  }

  answered(): void {
    this.#tag = 0;
    this.#ticks++;
    this.#source.offer(this.#repeats ? this.#ticks : true);
    if (this.#repeats) this.#tag = this.#process.waits().startTimer(this.#milliseconds, this);
  }

  stop(): void {
    if (this.#tag !== 0) this.#process.waits().abandon(this.#tag);
    this.#tag = 0;
    this.#source.close();
  }
}

export function startTimer(process: Process, duration: Duration, what: string): Timer<true> {
  return new Alarm(process, toMilliseconds(duration, what), false).channel();
}

export function startTicker(process: Process, interval: Duration, what: string): Timer<number> {
  return new Alarm(process, toMilliseconds(interval, what), true).channel();
}
