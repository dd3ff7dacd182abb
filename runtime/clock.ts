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
  /** Call `wake` once after `milliseconds`; answers what `disarm` takes. Keeps the thread alive while armed. */
  arm(milliseconds: number, wake: () => void): unknown;
  disarm(armed: unknown): void;
  /** Call `turn` once after pending I/O had its turn. */
  defer(turn: () => void): void;
  /** Keep the thread alive although nothing is armed; answers how to let it go. */
  hold(): () => void;
}

/** Real time, real chance. */
export const systemClock: Clock = {
  now: () => performance.now(),
  unix: () => performance.timeOrigin + performance.now(),
  random: () => Math.random(),
  arm: (milliseconds, wake) => setTimeout(wake, milliseconds),
  disarm: armed => clearTimeout(armed as NodeJS.Timeout),
  defer: turn => {
    setImmediate(turn);
  },
  hold: () => {
    const holding = setInterval(() => undefined, 0x7fffffff);
    return () => clearInterval(holding);
  },
};
