/** What is behind a channel that gives values at a time. */
import type { Process } from './process.ts';
import { MemorySource } from './source.ts';
import type { Expecting } from './waits.ts';

/** A timer of the scheduler that puts values into a channel of one place. */
export class Alarm extends MemorySource implements Expecting {
  readonly #process: Process;
  /** Milliseconds between the values of a ticker; 0: one value, `true`. */
  readonly #interval: number;
  #ticks = 0;
  /** Of the timer that runs; 0: none does. */
  #tag = 0;

  private constructor(process: Process, interval: number) {
    super(1);
    this.#process = process;
    this.#interval = interval;
  }

  /** Gives how often so many milliseconds have passed. */
  static ticking(process: Process, interval: number): Alarm {
    const alarm = new Alarm(process, interval);
    alarm.#startAgain();
    return alarm;
  }

  /** For a timer of the scheduler that has begun, and may have fired already. */
  static of(process: Process, tag: number): Alarm {
    const alarm = new Alarm(process, 0);
    const isOutstanding = process.output?.isOutstanding(tag);
    if (isOutstanding === true) {
      alarm.#tag = tag;
      process.waits().redirect(tag, alarm);
    } else if (isOutstanding === false) alarm.offer(true);
    return alarm;
  }

  /** Gives nothing any more. */
  static over(process: Process): Alarm {
    return new Alarm(process, 0);
  }

  #startAgain(): void {
    this.#tag = this.#process.waits().startTimer(this.#interval, this);
  }

  answered(): void {
    this.#tag = 0;
    this.#ticks++;
    if (this.#interval === 0) this.offer(true);
    else {
      this.offer(this.#ticks);
      this.#startAgain();
    }
  }

  /** No more values come; one that is there can still be received. */
  stop(): void {
    if (this.#tag !== 0) this.#process.waits().abandon(this.#tag);
    this.#tag = 0;
    this.close();
  }
}
