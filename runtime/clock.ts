/**
 * The one seam for time and chance (design section 3). Nothing else in the project calls `Date.now`, `Math.random`,
 * `performance.now` or a timer function, so that a run with another Clock is a deterministic one.
 */

export interface Clock {
  /** Milliseconds, monotonic, with fraction; the origin means nothing. */
  now(): number;
  /** Unix time in milliseconds, with fraction. */
  unix(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Call `wake` once after `milliseconds`, or earlier if they are many; answers what `disarm` takes. Keeps the thread alive while armed. */
  arm(milliseconds: number, wake: () => void): unknown;
  disarm(armed: unknown): void;
  /** Call `turn` once after pending I/O had its turn. */
  defer(turn: () => void): void;
  /** Keep the thread alive although nothing is armed; answers how to let it go. */
  hold(): () => void;
}

/** Milliseconds; Node takes a longer time for none at all. */
const LONGEST = 0x7fffffff;

/** The global is a getter, and the clock is read for every timer that is armed. */
const { performance } = globalThis;

/** Real time, real chance. */
export const systemClock: Clock = {
  now: () => performance.now(),
  unix: () => performance.timeOrigin + performance.now(),
  random: () => Math.random(),
  // What is later than a timer of Node can be set for is asked for again: waking early is allowed.
  arm: (milliseconds, wake) => setTimeout(wake, Math.min(milliseconds, LONGEST)),
  disarm: armed => clearTimeout(armed as NodeJS.Timeout),
  defer: turn => {
    setImmediate(turn);
  },
  hold: () => {
    const holding = setInterval(() => undefined, LONGEST);
    return () => clearInterval(holding);
  },
};
