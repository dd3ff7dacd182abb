/**
 * Whether and when a service that has ended is started again (semantics section 7). Pure: time and chance come from
 * outside.
 */
import { isTermination } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';

/** As in `lifecycle.restart`; durations in milliseconds. */
export interface RestartPolicy {
  readonly initial_delay: number;
  readonly max_delay: number;
  readonly backoff_factor: number;
  /** The part of a delay that is random, 0 to 1. */
  readonly jitter: number;
  /** Restarts before the service is given up; 0: never. */
  readonly max_attempts: number;
  readonly on: 'failure' | 'always';
}

/** `after`: milliseconds until it is started again. */
export type RestartDecision =
  | { readonly restart: true; readonly after: number }
  /** `done`: it ended as it should. `final`: another try could not help. `spent`: all restarts are used up. */
  | { readonly restart: false; readonly because: 'done' | 'final' | 'spent' };

/**
 * `error`: undefined where it ended without one. `restarts`: how often it was started again since it was last sound.
 * `chance`: uniform in [0, 1).
 */
export function decideRestart(
  policy: RestartPolicy,
  error: TroupeError | undefined,
  restarts: number,
  chance: number,
): RestartDecision {
  if (error === undefined && policy.on === 'failure') return { restart: false, because: 'done' };
  // Whoever terminates a process says nothing of whether another one could run.
  if (error?.retryable === false && !isTermination(error)) return { restart: false, because: 'final' };
  if (policy.max_attempts > 0 && restarts >= policy.max_attempts) return { restart: false, because: 'spent' };
  return { restart: true, after: restartDelay(policy, restarts, chance) };
}

/** initial_delay x backoff_factor^restarts, at most max_delay, up to `jitter` of it more or less. */
export function restartDelay(policy: RestartPolicy, restarts: number, chance: number): number {
  const { initial_delay, max_delay, backoff_factor, jitter } = policy;
  // No delay times a factor beyond all numbers is no delay.
  const delay = initial_delay === 0 ? 0 : Math.min(initial_delay * backoff_factor ** restarts, max_delay);
  return delay * (1 + jitter * (2 * chance - 1));
}
