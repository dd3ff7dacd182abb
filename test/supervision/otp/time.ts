/** How a scenario waits here: with time that goes on as it is told to on one thread, with real time on several. */
import { systemClock } from '../../../runtime/clock.ts';
import type { DeployOptions } from '../../deploy.ts';
import { VirtualClock } from '../virtual_clock.ts';
import { SHUTDOWN } from './scenario.ts';

export interface Time {
  readonly options: DeployOptions;
  /** Milliseconds, of any beginning. */
  now(): number;
  /** Until what can happen now has happened, as far as that can be known. */
  settle(): Promise<void>;
  /** Let some time pass for what has not come to rest; `isIgnored`: somebody waits for a time. False: nothing can come of it. */
  goOn(isIgnored: boolean): Promise<boolean>;
  /** Wait for an answer; time goes on where somebody waits for it. */
  until<T>(answer: Promise<T>, isIgnored: () => boolean): Promise<T>;
  pause(milliseconds: number): Promise<void>;
}

export class VirtualTime implements Time {
  readonly #clock = new VirtualClock();
  readonly options: DeployOptions = { clock: this.#clock, workers: 0 };

  now(): number {
    return this.#clock.now();
  }

  settle(): Promise<void> {
    return this.#clock.settle();
  }

  async goOn(isIgnored: boolean): Promise<boolean> {
    if (isIgnored) await this.#clock.advance(SHUTDOWN);
    return isIgnored;
  }

  async until<T>(answer: Promise<T>, isIgnored: () => boolean): Promise<T> {
    let hasAnswered = false;
    const seen = (): void => {
      hasAnswered = true;
    };
    void answer.then(seen, seen);
    do await this.settle();
    while (!hasAnswered && (await this.goOn(isIgnored())));
    return await answer;
  }

  pause(milliseconds: number): Promise<void> {
    return this.#clock.advance(milliseconds);
  }
}

export class RealTime implements Time {
  readonly options: DeployOptions;

  constructor(workers: number) {
    this.options = { workers, placement: 'round-robin' };
  }

  now(): number {
    return systemClock.now();
  }

  /** What others have sent until now has arrived then. */
  settle(): Promise<void> {
    return sleep(2);
  }

  async goOn(): Promise<boolean> {
    await sleep(2);
    return true;
  }

  until<T>(answer: Promise<T>): Promise<T> {
    return answer;
  }

  pause(milliseconds: number): Promise<void> {
    return sleep(milliseconds);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => {
    systemClock.arm(milliseconds, resolve);
  });
}
